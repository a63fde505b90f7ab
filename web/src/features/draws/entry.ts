/** The page of an event's draw, with its texts loaded in advance. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./DrawPage.svelte"), words.use(i18n.locale)]);
  return page;
}
