/** Entry of the kitchen screen: loads its texts and the account first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { crew } from "./crew.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./KitchenPage.svelte"), words.use(i18n.locale), crew.arrive()]);
  return page;
}
