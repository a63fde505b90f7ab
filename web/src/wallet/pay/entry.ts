/** The page that a till's code opens: with its words there before it shows. */
import { i18n } from "../../i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./PayPage.svelte"), words.use(i18n.locale)]);
  return page;
}
