/** Texts of emails about an order, for fans and the office. */
import type { emails } from "../../shared/i18n/en/emails";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle<typeof emails>({
  fr: async () => (await import("../../shared/i18n/fr/emails")).emails,
  en: async () => (await import("../../shared/i18n/en/emails")).emails,
});
