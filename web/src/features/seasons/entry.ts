/** Entry of the page of a renewal: loads it with its texts. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./RenewalPage.svelte"), words.use(i18n.locale)]);
  return page;
}
