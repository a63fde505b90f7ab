/** Entry point of the control room: loads its texts and the controller first, and keeps its files for use without network. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { controller } from "./controller.svelte";
import { loadWords } from "./loadWords";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./ControlPage.svelte"), loadWords(i18n.locale), controller.arrive()]);
  void navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage("keep the gate"));
  return page;
}
