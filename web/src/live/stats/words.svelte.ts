/** Texts of the statistics. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/stats";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/stats")).stats,
  en: async () => (await import("../../i18n/en/stats")).stats,
});
