/** Entry of the till screen: loads its texts and the stored state first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words as receipt } from "../../fiscal/receipt/words.svelte";
import { cardPayments } from "./cardPayments.svelte";
import { till } from "./till.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./TillPage.svelte"), words.use(i18n.locale), receipt.use(i18n.locale), till.restore(), cardPayments.restore()]);
  void navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage("keep the gate"));
  return page;
}
