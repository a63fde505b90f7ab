/** The page of an account, with its texts loaded in advance. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./account.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./AccountPage.svelte"), words.use(i18n.locale)]);
  return page;
}
