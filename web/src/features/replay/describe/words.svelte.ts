/** Texts of the pages of describers. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "../../../shared/i18n/en/describe";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../../shared/i18n/fr/describe")).describe,
  en: async () => (await import("../../../shared/i18n/en/describe")).describe,
});
