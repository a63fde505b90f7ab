/** The shared page of a clip, with its texts loaded in advance. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words as live } from "../live/words.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const [page] = await Promise.all([import("./ReplayPage.svelte"), words.use(i18n.locale), live.use(i18n.locale)]);
  return page;
}
