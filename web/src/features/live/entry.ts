/** Entry point of the match page: loads its texts first. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./LivePage.svelte"), words.use(i18n.locale)]);
  return page;
}
