/** The page of describers: its words are there before it shows. */
import { i18n } from "../../i18n/i18n.svelte";
import { words as live } from "../../live/words.svelte";
import { words as player } from "../words.svelte";
import { words } from "./words.svelte";

export async function open(): Promise<{ default: unknown }> {
  const { locale } = i18n;
  const [page] = await Promise.all([import("./DescribePage.svelte"), words.use(locale), player.use(locale), live.use(locale)]);
  return page;
}
