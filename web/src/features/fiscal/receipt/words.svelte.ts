/** Texts of a receipt, loaded with its page or with the till. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import type { receipt } from "../../../shared/i18n/en/receipt";

export const words = new Bundle<typeof receipt>({
  fr: async () => (await import("../../../shared/i18n/fr/receipt")).receipt,
  en: async () => (await import("../../../shared/i18n/en/receipt")).receipt,
});
