/** The words of emails about an order, for fans and the office. */
import type { emails } from "../i18n/en/emails";
import { Bundle } from "../i18n/bundle.svelte";

export const words = new Bundle<typeof emails>({
  fr: async () => (await import("../i18n/fr/emails")).emails,
  en: async () => (await import("../i18n/en/emails")).emails,
});
