/** Texts of match alerts. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/notifications";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/notifications")).notifications,
  en: async () => (await import("../../i18n/en/notifications")).notifications,
});
