/** The device's heartbeat: each five seconds it says how it is, hears what changed, and sends what waits. */
import { answered } from "../api/answer";
import { api } from "../api/client";
import type { EventLine } from "../api/words";
import { storage } from "../kernel/storage";
import { issuerKeys } from "../passes/verify";
import { gate } from "./gate.svelte";
import { Ground, opened } from "./ground";
import { ask, type Reply } from "./link";
import { flush } from "./outbox";
import { shelf } from "./shelf";
import { time } from "./time";
import type { Changes, SealedPack } from "./wire";

const EVERY_MS = 5_000;
const LIMIT_MS = 4_000;
/** An event that began less than this long ago is still on. */
const RECENT_MS = 6 * 3_600_000;

interface Battery {
  level: number;
}

let timer: ReturnType<typeof setInterval> | undefined;
let beating = false;

/** Begin; returns the way to stop. */
export function beat(): () => void {
  void once();
  timer ??= setInterval(() => void once(), EVERY_MS);
  const now = (): void => void once();
  addEventListener("online", now);
  return () => {
    removeEventListener("online", now);
    clearInterval(timer);
    timer = undefined;
  };
}

/** One heartbeat. */
export async function once(): Promise<void> {
  if (beating || !gate.device || gate.revoked) return;
  beating = true;
  try {
    if (!gate.ground || gate.ground.expired(time.now())) await fetchPack();
    else await tell(gate.ground);
  } finally {
    beating = false;
  }
}

async function tell(ground: Ground): Promise<void> {
  const battery = (gate.battery = await percent());
  const body = {
    event_id: ground.pack.event.id,
    gate: gate.code ?? gate.device!.gates[0],
    at: new Date().toISOString(),
    backlog: gate.backlog,
    version: ground.version,
    ...(battery === null ? {} : { battery_percent: battery }),
    ...(gate.offlineSince === null ? {} : { offline_since: new Date(gate.offlineSince).toISOString() }),
    ...(gate.person ? { person_id: gate.person.id } : {}),
  };
  const reply = await ask<{ changes: Changes | null }>("/api/access/heartbeat", body, LIMIT_MS);
  if (!heard(reply)) return;
  const { changes } = reply.data;
  if (changes?.reload) await fetchPack();
  else if (changes && changes.version !== ground.version) {
    await shelf.keepChanges(changes);
    ground.apply(changes);
    gate.heard += 1;
  }
  if (gate.backlog > 0) await gate.sync();
}

function heard<T>(reply: Reply<T>): reply is Extract<Reply<T>, { ok: true }> {
  if (!reply.ok && reply.status === 401) gate.end();
  else gate.hear(reply.ok);
  return reply.ok;
}

async function percent(): Promise<number | null> {
  const ask = (navigator as { getBattery?: () => Promise<Battery> }).getBattery;
  const battery = ask ? await ask.call(navigator).catch(() => null) : null;
  return battery ? Math.round(battery.level * 100) : null;
}

/** The event that is on: the one chosen here, else the first that has not ended. */
export async function events(): Promise<EventLine[]> {
  const answer = await answered<{ events: EventLine[] }>(api.GET("/api/events"));
  return answer.ok ? answer.data.events.filter((event) => Date.parse(event.starts_at) > time.now() - RECENT_MS) : [];
}

/** Fetch the pack of an event and stand by it. What this device saw and has not told yet stays known. */
export async function fetchPack(wanted: string | null = null): Promise<boolean> {
  const eventId = wanted ?? storage.read<string>("gate.event") ?? (await events())[0]?.id;
  if (!eventId) return gate.hear(false), false;
  const keys = await ask<{ keys: { kid: string; x: string }[] }>(`/api/events/${eventId}/pass-keys`);
  const sealed = await ask<SealedPack>(`/api/access/pack/${eventId}`);
  if (!heard(sealed) || !keys.ok) return false;
  const issuers = await issuerKeys([{ event_id: eventId, keys: keys.data.keys }]);
  if ((await opened(sealed.data, issuers, eventId)) === null) return false;
  gate.backlog = await flush();
  const seen = gate.backlog > 0 ? (await shelf.seen()).filter((one) => one.event_id === eventId) : [];
  const kept = { event_id: eventId, sealed: sealed.data, keys: keys.data.keys };
  await shelf.keepPack(kept, seen);
  gate.stand(await Ground.of(kept, [], seen));
  return true;
}
