/** The gate's heartbeat: it says how it is, hears what changed, and sends what waits. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { EventSummary } from "../../../shared/api/words";
import { Heartbeat } from "../../../shared/devices/heartbeat";
import { heard } from "../../../shared/devices/link";
import { clock } from "../../../shared/runtime/clock.svelte";
import { issuerKeys } from "../../../shared/passes/verify";
import { gate } from "./gate.svelte";
import { Ground, isOlder, opened } from "./ground";
import { link, time } from "./link";
import { flush, quietFor } from "./outbox";
import { shelf } from "./shelf";
import type { Changes, HeartbeatAnswer, PassKeys, SealedPack } from "./wire";

const LIMIT_MS = 4_000;
/** An event that began less than this long ago is still on. */
const RECENT_MS = 6 * 3_600_000;
const NEAR_MS = 36 * 3_600_000;
const NEXT = 5;

interface Battery {
  level: number;
}

/** How old a pack may grow while there is network: the roster comes with packs alone. */
const PACK_AGE_MS = 3_600_000;

/** The server makes a pack of what it read up to a few seconds ago: what the device saw or told since then stays its own. */
const PACK_LAG_MS = 10_000;

let packAt: number | null = null;

export const beat = new Heartbeat(async () => {
  if (!gate.device || gate.revoked) return;
  if (gate.ground) await tell(gate.ground);
  gate.timeTrusted = time.trusted;
  const old = packAt === null || performance.now() - packAt > PACK_AGE_MS;
  if (!gate.ground || (gate.online && old)) await fetchPack();
});

async function tell(ground: Ground): Promise<void> {
  const battery = (gate.battery = await percent());
  const body = {
    event_id: ground.pack.event.id,
    gate: gate.code ?? Object.keys(ground.gates)[0]!,
    at: new Date().toISOString(),
    backlog: gate.backlog,
    version: ground.version,
    ...(battery === null ? {} : { battery_percent: battery }),
    ...(gate.offlineSince === null ? {} : { offline_since: new Date(gate.offlineSince).toISOString() }),
    ...(gate.person ? { person_id: gate.person.id } : {}),
  };
  const reply = await link.ask<HeartbeatAnswer>((signal) => link.api.POST("/api/access/heartbeat", { body, signal }), LIMIT_MS);
  if (!heard(reply, gate) || gate.ground !== ground) return;
  const changes = reply.data.changes as Changes; // the server leaves nothing out
  if (changes.reload) await fetchPack();
  else if (changes.version !== ground.version) {
    if (says(changes)) await shelf.keepChanges(changes);
    ground.apply(changes);
    gate.heard += 1;
  }
  gate.endLongShift();
  if (gate.backlog > 0) await gate.sync();
}

/** Whether there is anything in it besides a later version: from an earlier one the same news come again. */
function says({ version: _, reload: __, ...news }: Changes): boolean {
  return Object.values(news).some((one) => Object.keys(one).length > 0);
}

async function percent(): Promise<number | null> {
  const ask = (navigator as { getBattery?: () => Promise<Battery> }).getBattery;
  const battery = ask ? await ask.call(navigator).catch(() => null) : null;
  return battery ? Math.round(battery.level * 100) : null;
}

/** The events that a gate may stand for now: those of today and of the hours around, else the next ones. */
export async function events(): Promise<EventSummary[]> {
  const answer = await answered<{ events: EventSummary[] }>(api.GET("/api/events"));
  if (!answer.ok) return [];
  // By the server's clock, which this very answer says: a device that was just paired may be off by a year.
  const began = (event: EventSummary): number => clock.now() - Date.parse(event.starts_at);
  const coming = answer.data.events.filter((event) => began(event) < RECENT_MS);
  const near = coming.filter((event) => began(event) > -NEAR_MS);
  return near.length > 0 ? near : coming.slice(0, NEXT);
}

/** Fetch the pack of an event and stand by it. What this device saw and the pack may not know stays known. */
export async function fetchPack(wanted: string | null = null): Promise<boolean> {
  const eventId = wanted ?? (await shelf.setting<string | null>("event"));
  if (!eventId) return false;
  if (gate.device) gate.backlog = await flush(gate.device);
  const told = quietFor() < PACK_LAG_MS ? [] : await shelf.told(time.now() - PACK_LAG_MS);
  const path = { event_id: eventId };
  const query = gate.ground?.pack.event.id === eventId ? { since: gate.ground.version } : {};
  const sealed = await link.ask<SealedPack>((signal) => link.api.GET("/api/access/pack/{event_id}", { params: { path, query }, signal }));
  if (!heard(sealed, gate)) return false;
  const keys = await link.ask<PassKeys>((signal) => link.api.GET("/api/events/{event_id}/pass-keys", { params: { path }, signal }));
  if (!keys.ok) return false;
  const issuers = await issuerKeys([{ event_id: eventId, keys: keys.data.keys }]);
  const pack = await opened(sealed.data, issuers, eventId);
  if (pack === null) return false;
  if (gate.ground && isOlder(pack, gate.ground.pack)) return true;
  const kept = { event_id: eventId, sealed: sealed.data, keys: keys.data.keys };
  await gate.exclusively(async () => gate.stand(await Ground.of(kept, [], await shelf.keepPack(kept, told))));
  packAt = performance.now();
  return true;
}
