/** The rooms of a fan's purse: the one that the address names is there, with its words, before it shows. */
import type { Component } from "svelte";
import { i18n } from "../i18n/i18n.svelte";
import { words as cardWords } from "./cards/words.svelte";
import { words as payWords } from "./pay/words.svelte";
import { shown, type RoomProps } from "./room";
import { words } from "./words.svelte";

type Loaded = Promise<{ default: Component<RoomProps> }>;

const ROOMS: Record<string, () => Loaded> = {
  "": () => import("./Inside.svelte"),
  "cards/add": () => import("./cards/AddPage.svelte"),
  "cards/:id": () => import("./cards/CardPage.svelte"),
  automatic: () => import("./automatic/AutomaticPage.svelte"),
  phone: () => import("./phone/PhonePage.svelte"),
  "money-back": () => import("./MoneyBack.svelte"),
};
/** Rooms that say something to whoever is not signed in, too. */
const OPEN = new Set(["money-back"]);

export async function open(): Promise<{ default: unknown }> {
  // The provider, which has kept a card, sends its fan back to the purse.
  if (location.pathname === "/purse" && new URLSearchParams(location.search).has("method")) history.replaceState(history.state, "", `/purse/automatic${location.search}`);
  const path = location.pathname;
  const [name, id] = roomOf(path);
  const load = ROOMS[name];
  if (!load) return import("../ui/Missing.svelte");
  const [page, room] = await Promise.all([import("./PursePage.svelte"), load(), words.use(i18n.locale), cardWords.use(i18n.locale), payWords.use(i18n.locale)]);
  if (location.pathname === path) shown.room = { inside: room.default, open: OPEN.has(name), id };
  return page;
}

/** `/purse/cards/…` is `cards/:id`, with the id. */
function roomOf(path: string): [string, string] {
  const name = path.split("/").filter(Boolean).slice(1).join("/");
  const id = /^cards\/([^/]+)$/.exec(name)?.[1];
  return id && id !== "add" ? ["cards/:id", id] : [name, ""];
}
