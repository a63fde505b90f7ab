/** Texts of the match desk. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "../../../shared/i18n/en/matchDesk";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../../shared/i18n/fr/matchDesk")).matchDesk,
  en: async () => (await import("../../../shared/i18n/en/matchDesk")).matchDesk,
});
