/** Text for what was not found, loaded on demand. */
import type { missing } from "$messages/en/web/missing";
import { Bundle } from "../i18n/bundle.svelte";
import { i18n } from "../i18n/i18n.svelte";

export const words = new Bundle(import.meta.glob<typeof missing>("$messages/*/web/missing.ts", { import: "missing" }));

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./Missing.svelte"), words.use(i18n.locale)]);
  return page;
}
