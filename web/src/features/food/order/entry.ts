/** Screens of food ordering; their texts are loaded first. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

const SCREENS = {
  outlets: () => import("./OutletsPage.svelte"),
  menu: () => import("./MenuPage.svelte"),
  order: () => import("./OrderPage.svelte"),
};

export async function open(screen: keyof typeof SCREENS): Promise<{ default: unknown }> {
  const [page] = await Promise.all([SCREENS[screen](), words.use(i18n.locale)]);
  return page;
}
