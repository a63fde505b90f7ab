/** The pages of describers, with their texts loaded in advance. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words as live } from "../../live/words.svelte";
import { words as player } from "../words.svelte";
import { words } from "./words.svelte";

const PAGES = { list: () => import("./ListPage.svelte"), clip: () => import("./DescribePage.svelte") };

export async function open(page: keyof typeof PAGES): Promise<{ default: unknown }> {
  const { locale } = i18n;
  const [found] = await Promise.all([PAGES[page](), words.use(locale), player.use(locale), live.use(locale)]);
  return found;
}
