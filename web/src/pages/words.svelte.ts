/** Messages for the operator's pages. */
import type { pages } from "../i18n/en/pages";
import { Bundle } from "../i18n/bundle.svelte";

export const words = new Bundle<typeof pages>({
  fr: async () => (await import("../i18n/fr/pages")).pages,
  en: async () => (await import("../i18n/en/pages")).pages,
});
