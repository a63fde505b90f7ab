/** Entry of the gate screen: loads its words and the stored state before it shows. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { gate } from "./gate.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./GatePage.svelte"), words.use(i18n.locale), gate.restore()]);
  void navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage("keep the gate"));
  return page;
}
