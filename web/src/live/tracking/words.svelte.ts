/** Texts of the live pitch. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/pitch";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/pitch")).pitch,
  en: async () => (await import("../../i18n/en/pitch")).pitch,
});
