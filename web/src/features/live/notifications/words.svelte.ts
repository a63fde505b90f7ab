/** Texts of match alerts. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { Words } from "../../../shared/i18n/en/notifications";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../../shared/i18n/fr/notifications")).notifications,
  en: async () => (await import("../../../shared/i18n/en/notifications")).notifications,
});
