/** Messages of the view from a seat. */
import type { view } from "../../../shared/i18n/en/view";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle<typeof view>({
  fr: async () => (await import("../../../shared/i18n/fr/view")).view,
  en: async () => (await import("../../../shared/i18n/en/view")).view,
});
