/** Texts of the match page. */
import { Bundle } from "../i18n/bundle.svelte";
import type { Words } from "../i18n/en/live";

export const words = new Bundle<Words>({
  fr: async () => (await import("../i18n/fr/live")).live,
  en: async () => (await import("../i18n/en/live")).live,
});
