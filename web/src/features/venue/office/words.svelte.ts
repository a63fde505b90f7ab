/** Texts of the office's pages about venues. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { venues } from "../../../shared/i18n/en/officeVenues";

export const words = new Bundle<typeof venues>({
  fr: async () => (await import("../../../shared/i18n/fr/officeVenues")).venues,
  en: async () => (await import("../../../shared/i18n/en/officeVenues")).venues,
});
