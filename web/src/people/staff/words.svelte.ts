/** The words of the page of the staff's screens. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { staffHome } from "../../i18n/en/staffHome";

export const words = new Bundle<typeof staffHome>({
  fr: async () => (await import("../../i18n/fr/staffHome")).staffHome,
  en: async () => (await import("../../i18n/en/staffHome")).staffHome,
});
