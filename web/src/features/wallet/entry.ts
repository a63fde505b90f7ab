/** Entry of the wallet pages: loads a page with its texts. */
import type { Component } from "svelte";
import { i18n } from "../../shared/i18n/i18n.svelte";
import type { Room, RoomProps } from "./room";

type Page = Promise<{ default: unknown }>;

interface Bundles {
  words: { use: (locale: typeof i18n.locale) => Promise<void> };
}

/** The page to show next, taken by the wallet page when it opens. */
export const shown: { room: Room | null } = { room: null };

const wallet = (): Promise<Bundles> => import("./words.svelte");
const cards = (): Promise<Bundles> => import("./cards/words.svelte");
const pay = (): Promise<Bundles> => import("./pay/words.svelte");
const ROOMS = {
  balance: () => import("./Inside.svelte"),
  automatic: () => import("./automatic/AutomaticPage.svelte"),
  addCard: () => import("./cards/AddPage.svelte"),
  card: () => import("./cards/CardPage.svelte"),
  moneyBack: () => import("./MoneyBack.svelte"),
  phone: () => import("./phone/PhonePage.svelte"),
} satisfies Record<string, () => Promise<{ default: Component<RoomProps> }>>;

export const tap = (): Page => withWords(import("./cards/TapPage.svelte"), cards());
export const payment = (): Page => withWords(import("./pay/PayPage.svelte"), pay());

export async function room(asked: keyof typeof ROOMS): Page {
  let name = asked;
  // The provider redirects here after storing a bank card.
  if (name === "balance" && new URLSearchParams(location.search).has("method")) {
    history.replaceState(history.state, "", `/purse/automatic${location.search}`);
    name = "automatic";
  }
  const path = location.pathname;
  const [page, inside] = await Promise.all([withWords(import("./WalletPage.svelte"), wallet(), cards(), pay()), ROOMS[name]()]);
  // Payouts are possible without an account.
  if (location.pathname === path) shown.room = { inside: inside.default, open: name === "moneyBack" };
  return page;
}

async function withWords(page: Page, ...bundles: Promise<Bundles>[]): Page {
  await Promise.all(bundles.map(async (bundle) => (await bundle).words.use(i18n.locale)));
  return page;
}
