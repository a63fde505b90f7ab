/** The words of the page of describers. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/describe";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/describe")).describe,
  en: async () => (await import("../../i18n/en/describe")).describe,
});
