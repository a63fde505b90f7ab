/** Texts of the till, loaded with it; both languages are kept on the device. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { till } from "../../../shared/i18n/en/till";

export type Words = typeof till;

export const words = new Bundle<Words>({
  fr: async () => (await import("../../../shared/i18n/fr/till")).till,
  en: async () => (await import("../../../shared/i18n/en/till")).till,
});
