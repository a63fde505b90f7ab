/** Texts of the staff start page. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { staffHome } from "../../../shared/i18n/en/staffHome";

export const words = new Bundle<typeof staffHome>({
  fr: async () => (await import("../../../shared/i18n/fr/staffHome")).staffHome,
  en: async () => (await import("../../../shared/i18n/en/staffHome")).staffHome,
});
