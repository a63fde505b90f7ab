/** Texts of the live pitch. */
import { Bundle } from "../../shared/i18n/bundle.svelte";
import type { Words } from "../../shared/i18n/en/pitch";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../shared/i18n/fr/pitch")).pitch,
  en: async () => (await import("../../shared/i18n/en/pitch")).pitch,
});
