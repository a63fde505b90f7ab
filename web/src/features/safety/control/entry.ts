/** Entry point of the control room: loads its texts and the controller first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words as teamWords } from "../stewards/words.svelte";
import { controller } from "./controller.svelte";
import { words as speakWords } from "./speak/words.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./ControlPage.svelte"), words.use(i18n.locale), speakWords.use(i18n.locale), teamWords.use(i18n.locale), controller.arrive()]);
  return page;
}
