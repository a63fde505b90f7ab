/** Texts of the statistics. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "../../../shared/i18n/en/stats";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../../shared/i18n/fr/stats")).stats,
  en: async () => (await import("../../../shared/i18n/en/stats")).stats,
});
