/** The page that a tap opens: small, with its words there before it shows. */
import { i18n } from "../../i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./TapPage.svelte"), words.use(i18n.locale)]);
  return page;
}
