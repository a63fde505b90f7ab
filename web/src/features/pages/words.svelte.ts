/** Messages for the operator's pages. */
import type { pages } from "../../shared/i18n/en/pages";
import { Bundle } from "../../shared/i18n/bundle.svelte";

export const words = new Bundle<typeof pages>({
  fr: async () => (await import("../../shared/i18n/fr/pages")).pages,
  en: async () => (await import("../../shared/i18n/en/pages")).pages,
});
