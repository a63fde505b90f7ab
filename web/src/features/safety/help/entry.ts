/** Entry point of help and safety: loads its texts first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./HelpPage.svelte"), words.use(i18n.locale)]);
  return page;
}
