/** The words of what one may be told. */
import { Bundle } from "../../i18n/bundle.svelte";
import type { Words } from "../../i18n/en/notices";

export const words = new Bundle<Words>({
  fr: async () => (await import("../../i18n/fr/notices")).notices,
  en: async () => (await import("../../i18n/en/notices")).notices,
});
