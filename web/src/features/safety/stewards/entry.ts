/** Entry point of the stewards' phones: loads its texts and the steward first, and keeps the app for use without network. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words as help } from "../help/words.svelte";
import { words as control } from "../control/words.svelte";
import { steward } from "./steward.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./StewardPage.svelte"), words.use(i18n.locale), control.use(i18n.locale), help.use(i18n.locale), steward.arrive()]);
  void navigator.serviceWorker?.ready.then(({ active }) => active?.postMessage("keep the gate"));
  return page;
}
