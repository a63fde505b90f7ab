/** The rooms of a fan's wallet: the one that the address names is there, with its words, before it shows. */
import type { Component } from "svelte";
import { i18n } from "../i18n/i18n.svelte";
import type { Room, RoomProps } from "./room";

type Page = Promise<{ default: unknown }>;

interface Bundles {
  words: { use: (locale: typeof i18n.locale) => Promise<void> };
}

/** The room that is shown next: the page of the wallet takes it as it comes up. */
export const shown: { room: Room | null } = { room: null };

const wallet = (): Promise<Bundles> => import("./words.svelte");
const cards = (): Promise<Bundles> => import("./cards/words.svelte");
const pay = (): Promise<Bundles> => import("./pay/words.svelte");
const ROOMS: Record<string, () => Promise<{ default: Component<RoomProps> }>> = {
  "": () => import("./Inside.svelte"),
  automatic: () => import("./automatic/AutomaticPage.svelte"),
  "cards/add": () => import("./cards/AddPage.svelte"),
  "cards/:id": () => import("./cards/CardPage.svelte"),
  "money-back": () => import("./MoneyBack.svelte"),
  phone: () => import("./phone/PhonePage.svelte"),
};
/** Rooms that say something to whoever is not signed in, too. */
const OPEN = new Set(["money-back"]);

export function open(): Page {
  const path = location.pathname;
  if (path === "/tap") return withWords(import("./cards/TapPage.svelte"), cards());
  if (path === "/pay") return withWords(import("./pay/PayPage.svelte"), pay());
  return room();
}

async function room(): Page {
  // The provider, which has kept a card, sends its fan back to the wallet.
  if (location.pathname === "/purse" && new URLSearchParams(location.search).has("method")) {
    history.replaceState(history.state, "", `/purse/automatic${location.search}`);
  }
  const path = location.pathname;
  const [name, id] = roomOf(path);
  const load = ROOMS[name];
  if (!load) return import("../ui/Missing.svelte");
  const [page, inside] = await Promise.all([withWords(import("./WalletPage.svelte"), wallet(), cards(), pay()), load()]);
  if (location.pathname === path) shown.room = { inside: inside.default, open: OPEN.has(name), id };
  return page;
}

async function withWords(page: Page, ...bundles: Promise<Bundles>[]): Page {
  await Promise.all(bundles.map(async (bundle) => (await bundle).words.use(i18n.locale)));
  return page;
}

/** `/purse/cards/…` is `cards/:id`, with the id. */
function roomOf(path: string): [string, string] {
  const name = path.split("/").filter(Boolean).slice(1).join("/");
  const id = /^cards\/([^/]+)$/.exec(name)?.[1];
  return id && id !== "add" ? ["cards/:id", id] : [name, ""];
}
