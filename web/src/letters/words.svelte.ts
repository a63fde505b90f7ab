/** The words of emails about an order, for fans and the office. */
import type { letters } from "../i18n/en/letters";
import { Bundle } from "../i18n/bundle.svelte";

export const words = new Bundle<typeof letters>({
  fr: async () => (await import("../i18n/fr/letters")).letters,
  en: async () => (await import("../i18n/en/letters")).letters,
});
