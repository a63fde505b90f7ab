/** Heartbeat of the gate: reports its state, fetches changes and packs, and uploads waiting scans. */
import { Heartbeat } from "../../../shared/devices/heartbeat";
import { handleReply } from "../../../shared/devices/link";
import { issuerKeys } from "../../../shared/passes/verify";
import { EventData, isOlder, openPack } from "./eventData";
import { gate } from "./gate.svelte";
import { link, time } from "./link";
import type { Changes, DeviceEvent, DeviceEvents, HeartbeatAnswer, PassKeys, SignedPack } from "./messages";
import { flush, sinceUpload } from "./outbox";
import { storage } from "./storage";

const TIMEOUT_MS = 4_000;
const [MOVED, NO_EVENT] = [403, 404];
/** An event that began less than 6 h ago is current. */
const RECENT_MS = 6 * 3_600_000;
const NEAR_MS = 36 * 3_600_000;
const UPCOMING_MAX = 5;

interface Battery {
  level: number;
}

/** Maximum age of a pack while online: only packs contain the roster. */
const PACK_AGE_MS = 3_600_000;

/** Maximum delay of the server's pack data: crossings since then are not in the pack yet. */
const PACK_LAG_MS = 10_000;

let packFetched: number | null = null;

export const heartbeat = new Heartbeat(async () => {
  if (!gate.device || gate.revoked) return;
  if (gate.eventData) await report(gate.eventData);
  gate.timeTrusted = time.trusted;
  // The event is over and everything is uploaded: nothing of it stays on the device, least of all names.
  if (time.trusted && gate.backlog === 0 && gate.eventData?.over(time.now())) return gate.forgetEvent();
  const old = packFetched === null || performance.now() - packFetched > PACK_AGE_MS;
  if (!gate.eventData || (gate.online && old)) await fetchPack();
});

async function report(eventData: EventData): Promise<void> {
  const battery = (gate.battery = await batteryPercent());
  const body = {
    event_id: eventData.pack.event.id,
    gate: gate.code && gate.code in eventData.gates ? gate.code : Object.keys(eventData.gates)[0]!,
    at: new Date().toISOString(),
    backlog: gate.backlog,
    version: eventData.version,
    ...(battery === null ? {} : { battery_percent: battery }),
    ...(gate.offlineSince === null ? {} : { offline_since: new Date(gate.offlineSince).toISOString() }),
    ...(gate.person ? { person_id: gate.person.id } : {}),
  };
  const reply = await link.ask<HeartbeatAnswer>((signal) => link.api.POST("/api/access/heartbeat", { body, signal }), TIMEOUT_MS);
  if (!handleReply(reply, gate)) {
    // The device does not work at this gate any more: it has other gates, or those of another venue.
    if (reply.status === MOVED && (await fetchPack()) === "no_event") await gate.forgetEvent();
    return;
  }
  if (gate.eventData !== eventData) return;
  const changes = reply.data.changes as Changes; // the server sends every field
  if (changes.reload) await fetchPack();
  else if (changes.version !== eventData.version) {
    if (hasChanges(changes)) await storage.keepChanges(changes);
    eventData.apply(changes);
    gate.revision += 1;
  }
  gate.endLongShift();
  if (gate.backlog > 0) await gate.sync();
}

/** Whether there is more than a new version. A new version alone is not stored: after a restart the server repeats it. */
function hasChanges({ version: _, reload: __, ...changes }: Changes): boolean {
  return Object.values(changes).some((part) => Object.keys(part).length > 0);
}

async function batteryPercent(): Promise<number | null> {
  const ask = (navigator as { getBattery?: () => Promise<Battery> }).getBattery;
  const battery = ask ? await ask.call(navigator).catch(() => null) : null;
  return battery ? Math.round(battery.level * 100) : null;
}

/** Events of the device's venue to choose from: those of today and the hours around it, else the next ones. */
export async function currentEvents(): Promise<DeviceEvent[]> {
  const reply = await link.ask<DeviceEvents>((signal) => link.api.GET("/api/access/events", { signal }));
  if (!handleReply(reply, gate)) return [];
  // By the server's clock, known from this answer: the clock of a new device may be wrong.
  const sinceStart = (event: DeviceEvent): number => time.now() - Date.parse(event.starts_at);
  const upcoming = reply.data.events.filter((event) => sinceStart(event) < RECENT_MS);
  const near = upcoming.filter((event) => sinceStart(event) > -NEAR_MS);
  return near.length > 0 ? near : upcoming.slice(0, UPCOMING_MAX);
}

/**
 * Fetch and use the pack of an event; "no_event": the device has none for it. Crossings of this device that may not be in
 * the pack stay.
 */
export async function fetchPack(wanted: string | null = null): Promise<"used" | "no_event" | "failed"> {
  const eventId = wanted ?? (await storage.setting<string | null>("event"));
  if (!eventId) return "failed";
  if (gate.device) gate.backlog = await flush(gate.device);
  const uploaded = sinceUpload() < PACK_LAG_MS ? [] : await storage.uploadedCrossings(time.now() - PACK_LAG_MS);
  const path = { event_id: eventId };
  const query = gate.eventData?.pack.event.id === eventId ? { since: gate.eventData.version } : {};
  const signed = await link.ask<SignedPack>((signal) => link.api.GET("/api/access/pack/{event_id}", { params: { path, query }, signal }));
  if (!handleReply(signed, gate)) return signed.status === NO_EVENT ? "no_event" : "failed";
  const keys = await link.ask<PassKeys>((signal) => link.api.GET("/api/events/{event_id}/pass-keys", { params: { path }, signal }));
  if (!keys.ok) return "failed";
  const issuers = await issuerKeys([{ event_id: eventId, keys: keys.data.keys }]);
  const pack = await openPack(signed.data, issuers, eventId);
  if (pack === null) return "failed";
  if (gate.eventData && isOlder(pack, gate.eventData.pack)) return "used";
  const stored = { event_id: eventId, sealed: signed.data, keys: keys.data.keys };
  await gate.exclusive(async () => gate.useEvent(await EventData.load(stored, [], await storage.keepPack(stored, uploaded))));
  packFetched = performance.now();
  return "used";
}
