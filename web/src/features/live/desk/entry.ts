/** Entry point of the match desk: loads its texts and the operator first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words as media } from "../../replay/desk/words.svelte";
import { words as live } from "../words.svelte";
import { operator } from "./operator.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./DeskPage.svelte"), words.use(i18n.locale), live.use(i18n.locale), media.use(i18n.locale), operator.arrive()]);
  return page;
}
