/** Texts of the media desk. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "../../../shared/i18n/en/mediaDesk";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../../shared/i18n/fr/mediaDesk")).mediaDesk,
  en: async () => (await import("../../../shared/i18n/en/mediaDesk")).mediaDesk,
});
