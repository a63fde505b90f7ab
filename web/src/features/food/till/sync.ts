/** Heartbeat of the till: fetches packs and cards, and uploads what is waiting. */
import { Heartbeat } from "../../../shared/devices/heartbeat";
import { handleReply } from "../../../shared/devices/link";
import { cardPayments } from "./cardPayments.svelte";
import { link, time } from "./link";
import type { Draft } from "./records";
import { sell, settleOnline } from "./selling";
import { storage } from "./storage";
import { till } from "./till.svelte";
import type { CardNews, Pack } from "./messages";

const LIMIT_MS = 4_000;
/** Maximum age of a pack while online. */
const PACK_AGE_MS = 60_000;
const CARDS_LIMIT_MS = 30_000;

let packAsked: number | null = null;
let tag: string | null = null;

export const heartbeat = new Heartbeat(async () => {
  if (!till.device || till.revoked) return;
  const noCashiers = till.pack?.roster.length === 0; // a cashier who has just chosen a PIN may be waiting
  const old = noCashiers || packAsked === null || performance.now() - packAsked > PACK_AGE_MS;
  const online = !till.pack || old ? (await fetchPack()) && (await fetchCards()) : await fetchCards();
  if (!online || till.stopped) return;
  await settleOnline();
  if ((await storage.waiting()).length > 0) await till.sync();
  await settleCardPayments(old);
});

/** Resolve payments at the card reader that no screen follows; say from time to time that there are none. */
export async function settleCardPayments(say: boolean): Promise<void> {
  if (await storage.pending()) return;
  if (!cardPayments.isEmpty) {
    if (till.person && till.catalogue) await cardPayments.resume(bookResumed);
  } else if (say && till.pack?.card_reader && (await storage.waiting()).length === 0) {
    await link.ask<undefined>((signal) => link.api.POST("/api/till/card-payments/none", { signal }), LIMIT_MS);
  }
}

async function bookResumed(draft: Draft): Promise<boolean> {
  const found = await sell(draft);
  if (found.type === "refused") return false;
  till.notify("found_paid", found.written);
  till.show(found.written, { offline: found.offline });
  return true;
}

export async function fetchPack(): Promise<boolean> {
  const headers = till.pack && tag ? { "if-none-match": tag } : {};
  const reply = await link.ask<Pack>((signal) => link.api.GET("/api/till/pack", { headers, signal }), LIMIT_MS);
  const isSame = !reply.ok && reply.status === 304;
  if (!handleReply(reply, till) && !isSame) return false;
  packAsked = performance.now();
  if (reply.ok) tag = reply.tag;
  till.usePack(reply.ok ? reply.data : till.pack!);
  return true;
}

async function fetchCards(): Promise<boolean> {
  const since = await storage.setting<string>("cards");
  const reply = await link.ask<CardNews>(
    (signal) => link.api.GET("/api/till/cards", { params: { query: { since } }, signal }),
    since === undefined ? CARDS_LIMIT_MS : LIMIT_MS,
  );
  if (!handleReply(reply, till)) return false;
  if (reply.data.position !== since || reply.data.all) await storage.keepCards(reply.data);
  return true;
}

/** Age of the pack in minutes. */
export const packMinutes = (): number => Math.max(0, Math.floor((time.now() - till.packAt) / 60_000));
