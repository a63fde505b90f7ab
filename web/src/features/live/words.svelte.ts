/** Texts of the match page. */
import { Bundle } from "../../shared/i18n/bundle.svelte";
import type { Words } from "../../shared/i18n/en/live";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../shared/i18n/fr/live")).live,
  en: async () => (await import("../../shared/i18n/en/live")).live,
});
