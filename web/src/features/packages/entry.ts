/** Entry of the pages of season tickets and packs: loads a page with its texts. */
import { i18n } from "../../shared/i18n/i18n.svelte";
import { words } from "./words.svelte";

const PAGES = {
  list: () => import("./PackagesPage.svelte"),
  package: () => import("./PackagePage.svelte"),
  subscription: () => import("./SubscriptionPage.svelte"),
};

export async function open(name: keyof typeof PAGES): Promise<{ default: unknown }> {
  const [page] = await Promise.all([PAGES[name](), words.use(i18n.locale)]);
  return page;
}
