/** Entry of the wallet pages: loads a page with its texts. */
import type { Component } from "svelte";
import { i18n } from "../../shared/i18n/i18n.svelte";
import type { PageContent, PageProps } from "./page";

type Loaded = Promise<{ default: unknown }>;

interface Bundles {
  words: { use: (locale: typeof i18n.locale) => Promise<void> };
}

/** The page to show next, taken by the wallet page when it opens. */
export const shown: { page: PageContent | null } = { page: null };

const wallet = (): Promise<Bundles> => import("./words.svelte");
const cards = (): Promise<Bundles> => import("./cards/words.svelte");
const pay = (): Promise<Bundles> => import("./pay/words.svelte");
const PAGES = {
  balance: () => import("./BalancePage.svelte"),
  automatic: () => import("./automatic/AutomaticPage.svelte"),
  addCard: () => import("./cards/AddPage.svelte"),
  card: () => import("./cards/CardPage.svelte"),
  moneyBack: () => import("./MoneyBack.svelte"),
  phone: () => import("./phone/PhonePage.svelte"),
} satisfies Record<string, () => Promise<{ default: Component<PageProps> }>>;

export const tap = (): Loaded => withWords(import("./cards/TapPage.svelte"), cards());
export const payment = (): Loaded => withWords(import("./pay/PayPage.svelte"), pay());

export async function page(requested: keyof typeof PAGES): Loaded {
  let name = requested;
  // The provider redirects here after storing a bank card.
  if (name === "balance" && new URLSearchParams(location.search).has("method")) {
    history.replaceState(history.state, "", `/wallet/automatic${location.search}`);
    name = "automatic";
  }
  const path = location.pathname;
  const [frame, content] = await Promise.all([withWords(import("./WalletPage.svelte"), wallet(), cards(), pay()), PAGES[name]()]);
  // Payouts are possible without an account.
  if (location.pathname === path) shown.page = { content: content.default, open: name === "moneyBack" };
  return frame;
}

async function withWords(page: Loaded, ...bundles: Promise<Bundles>[]): Loaded {
  await Promise.all(bundles.map(async (bundle) => (await bundle).words.use(i18n.locale)));
  return page;
}
