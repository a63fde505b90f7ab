/** Texts of the match desk. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/matchDesk";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/matchDesk")).matchDesk,
  en: async () => (await import("../../i18n/en/matchDesk")).matchDesk,
});
