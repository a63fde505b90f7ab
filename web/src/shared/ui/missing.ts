/** Text for what was not found, loaded on demand. */
import type { missing } from "../i18n/en/missing";
import { Bundle } from "../i18n/bundle.svelte";
import { i18n } from "../i18n/i18n.svelte";

export const words = new Bundle<typeof missing>({
  fr: async () => (await import("../i18n/fr/missing")).missing,
  en: async () => (await import("../i18n/en/missing")).missing,
});

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./Missing.svelte"), words.use(i18n.locale)]);
  return page;
}
