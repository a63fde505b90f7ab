/**
 * What a gate's device keeps: IndexedDB, where a promise is kept only once its transaction is on the disk.
 *
 * A scan's number comes from a stretch that was taken off the shelf as a whole: whatever kills the browser, the next
 * start begins above it, so that no number is ever used for two scans.
 */
import type { DBSchema } from "idb";
import type { Device } from "../../../shared/devices/pairing";
import { BrowserDatabase } from "../../../shared/runtime/database";
import type { Presence } from "./decide";
import type { Changes, ScanBody, SealedPack } from "./wire";

export interface KeptPack {
  event_id: string;
  sealed: SealedPack;
  /** The event's public keys as they were fetched beside the pack. */
  keys: { kid: string; x: string }[];
}

/** A signed scan on its way to the server. */
export interface KeptScan {
  number: number;
  body: string;
  signature: string;
  kind: ScanBody["kind"];
  /** Not sent before this moment of the device's clock: until then it may be taken back. */
  held_until?: number;
  /** What was signed by a time that was not trusted, to be signed again once the server's is known. */
  unverified?: Unverified;
}

/** A scan without its number, and when it was made: by the device's clock, and by the one that nobody sets of a start. */
export interface Unverified {
  about: Omit<ScanBody, "number">;
  own: number;
  passed: number;
  start: number;
}

/** What this device saw of a pass. */
export interface KeptSeen {
  event_id: string;
  number: number;
  generation: number;
  presence: Presence | null;
  /** The scan that tells the server. */
  scan?: number;
}

export interface Counters {
  day: string;
  admitted: number;
  refused: number;
  again: number;
  overridden: number;
  left: number;
  uncoded: number;
}

interface Schema extends DBSchema {
  /** The device under `self`, and settings by their names. */
  device: { key: string; value: unknown };
  pack: { key: string; value: KeptPack };
  change: { key: number; value: Changes };
  scan: { key: number; value: KeptScan };
  seen: { key: [eventId: string, number: number]; value: KeptSeen };
}

const STRETCH = 100;

const database = new BrowserDatabase<Schema>("virage-gate", (created) => {
  created.createObjectStore("device");
  created.createObjectStore("pack", { keyPath: "event_id" });
  created.createObjectStore("change", { autoIncrement: true });
  created.createObjectStore("scan", { keyPath: "number" });
  created.createObjectStore("seen", { keyPath: ["event_id", "number"] });
});

/** One sight of a pass: a later one of the same pass is another. */
const sight = ({ number, scan, presence }: KeptSeen): string => `${number} ${scan} ${presence?.since}`;

let next = 0;
let end = 0;
let taking: Promise<void> | null = null;

async function takeStretch(): Promise<void> {
  await database.within(["device"], "readwrite", async (on) => {
    const store = on.objectStore("device");
    next = ((await store.get("next")) as number | undefined) ?? 1;
    end = next + STRETCH;
    await store.put(end, "next");
  });
}

/** A number that no scan of this device ever had. */
async function newNumber(): Promise<number> {
  while (next >= end) {
    taking ??= takeStretch().finally(() => (taking = null));
    await taking;
  }
  next += 1;
  return next - 1;
}

export const shelf = {
  device: (): Promise<Device | undefined> => database.get("device", "self") as Promise<Device | undefined>,
  keepDevice: (device: Device): Promise<void> => database.put("device", device, "self"),
  setting: <T>(name: string): Promise<T | undefined> => database.get("device", name) as Promise<T | undefined>,
  keepSetting: (name: string, value: unknown): Promise<void> => database.put("device", value, name),
  newNumber,

  pack: (eventId: string): Promise<KeptPack | undefined> => database.get("pack", eventId),
  changes: (): Promise<Changes[]> => database.all("change"),
  seen: (): Promise<KeptSeen[]> => database.all("seen"),
  keepChanges: (changes: Changes): Promise<void> => database.put("change", changes),

  /** What the device saw before a moment and the server has been told: no scan about it waits any more. */
  told: async (before: number): Promise<KeptSeen[]> => {
    const seen = await shelf.seen();
    const untold = new Set(await database.within(["scan"], "readonly", (on) => on.objectStore("scan").getAllKeys()));
    return seen.filter((one) => (one.presence?.since ?? 0) < before && !(one.scan !== undefined && untold.has(one.scan)));
  },

  /**
   * A new pack takes the place of the old one, of what changed since, and of what it knows of what the device saw
   * (`told`). Whatever was seen meanwhile stays, in the same transaction; returns what stayed.
   */
  keepPack: (pack: KeptPack, told: readonly KeptSeen[]): Promise<KeptSeen[]> => {
    const known = new Set(told.map(sight));
    const goes = (one: KeptSeen): boolean => one.event_id !== pack.event_id || known.has(sight(one));
    return database.within(["pack", "change", "seen"], "readwrite", async (on) => {
      const store = on.objectStore("seen");
      const [seen] = await Promise.all([store.getAll(), on.objectStore("pack").clear(), on.objectStore("change").clear()]);
      const gone = seen.filter(goes);
      await Promise.all([on.objectStore("pack").put(pack), ...gone.map((one) => store.delete([one.event_id, one.number]))]);
      return seen.filter((one) => !goes(one));
    });
  },

  /** A scan and what it says of its pass, together or not at all. */
  keepScan: (scan: KeptScan, seen: KeptSeen | null): Promise<unknown> =>
    database.within(["scan", "seen"], "readwrite", (on) =>
      Promise.all([on.objectStore("scan").put(scan), seen && on.objectStore("seen").put(seen)]),
    ),
  /** Take a scan back while `mayGo` says so of what is kept; whether it went. */
  takeBack: (number: number, mayGo: (scan: KeptScan) => boolean): Promise<boolean> =>
    database.within(["scan"], "readwrite", async (on) => {
      const store = on.objectStore("scan");
      const scan = await store.get(number);
      if (!scan || !mayGo(scan)) return false;
      await store.delete(number);
      return true;
    }),
  /** The same scan, signed again; nothing where it was sent meanwhile. */
  replaceScan: (scan: KeptScan): Promise<void> =>
    database.within(["scan"], "readwrite", async (on) => {
      const store = on.objectStore("scan");
      if (await store.get(scan.number)) await store.put(scan);
    }),
  keepSeen: (seen: KeptSeen): Promise<void> => database.put("seen", seen),
  scans: (count: number): Promise<KeptScan[]> => database.all("scan", count),
  backlog: (): Promise<number> => database.within(["scan"], "readonly", (on) => on.objectStore("scan").count()),
  forgetScans: (numbers: readonly number[]): Promise<unknown> =>
    database.within(["scan"], "readwrite", (on) => Promise.all(numbers.map((number) => on.objectStore("scan").delete(number)))),

  /** Everything, when the device is revoked or paired anew: scans that were not sent stay. */
  forgetDevice: (): Promise<unknown> =>
    database.within(["device", "pack", "change", "seen"], "readwrite", (on) =>
      Promise.all([
        on.objectStore("device").delete("self"),
        on.objectStore("pack").clear(),
        on.objectStore("change").clear(),
        on.objectStore("seen").clear(),
      ]),
    ),
};
