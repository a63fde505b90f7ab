/**
 * What a gate's device keeps: IndexedDB, where a promise is kept only once its transaction is on the disk.
 *
 * A scan's number comes from a stretch that was taken off the shelf as a whole: whatever kills the browser, the next
 * start begins above it, so that no number is ever used for two scans.
 */
import { Kept } from "../devices/database";
import type { Device } from "../devices/pairing";
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

type Store = "device" | "pack" | "change" | "scan" | "seen";
const STRETCH = 100;

const kept = new Kept<Store>("virage-gate", (database) => {
  database.createObjectStore("device");
  database.createObjectStore("pack", { keyPath: "event_id" });
  database.createObjectStore("change", { autoIncrement: true });
  database.createObjectStore("scan", { keyPath: "number" });
  database.createObjectStore("seen", { keyPath: ["event_id", "number"] });
});

/** One sight of a pass: a later one of the same pass is another. */
const sight = ({ number, scan, presence }: KeptSeen): string => `${number} ${scan} ${presence?.since}`;

let next = 0;
let end = 0;
let taking: Promise<void> | null = null;

async function takeStretch(): Promise<void> {
  await kept.within(["device"], "readwrite", (on) => {
    const store = on.objectStore("device");
    const asked = store.get("next") as IDBRequest<number | undefined>;
    asked.onsuccess = () => {
      next = asked.result ?? 1;
      end = next + STRETCH;
      store.put(end, "next");
    };
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
  device: (): Promise<Device | undefined> => kept.one("device", "self"),
  keepDevice: (device: Device): Promise<unknown> => kept.put("device", device, "self"),
  setting: <T>(name: string): Promise<T | undefined> => kept.one("device", name),
  keepSetting: (name: string, value: unknown): Promise<unknown> => kept.put("device", value, name),
  newNumber,

  pack: (eventId: string): Promise<KeptPack | undefined> => kept.one("pack", eventId),
  changes: (): Promise<Changes[]> => kept.all("change"),
  seen: (): Promise<KeptSeen[]> => kept.all("seen"),
  keepChanges: (changes: Changes): Promise<unknown> => kept.put("change", changes),

  /** What the device saw before a moment and the server has been told: no scan about it waits any more. */
  told: async (before: number): Promise<KeptSeen[]> => {
    const seen = await shelf.seen();
    const untold = new Set(await kept.within(["scan"], "readonly", (on) => on.objectStore("scan").getAllKeys()));
    return seen.filter((one) => (one.presence?.since ?? 0) < before && !(one.scan !== undefined && untold.has(one.scan)));
  },

  /**
   * A new pack takes the place of the old one, of what changed since, and of what it knows of what the device saw
   * (`told`). Whatever was seen meanwhile stays, in the same transaction; returns what stayed.
   */
  keepPack: async (pack: KeptPack, told: readonly KeptSeen[]): Promise<KeptSeen[]> => {
    const known = new Set(told.map(sight));
    let stayed: KeptSeen[] = [];
    await kept.within(["pack", "change", "seen"], "readwrite", (on) => {
      for (const name of ["pack", "change"]) on.objectStore(name).clear();
      on.objectStore("pack").put(pack);
      const store = on.objectStore("seen");
      const asked = store.getAll() as IDBRequest<KeptSeen[]>;
      asked.onsuccess = () => {
        const goes = (one: KeptSeen): boolean => one.event_id !== pack.event_id || known.has(sight(one));
        stayed = asked.result.filter((one) => !goes(one));
        for (const one of asked.result.filter(goes)) store.delete([one.event_id, one.number]);
      };
    });
    return stayed;
  },

  /** A scan and what it says of its pass, together or not at all. */
  keepScan: (scan: KeptScan, seen: KeptSeen | null): Promise<unknown> =>
    kept.within(["scan", "seen"], "readwrite", (on) => {
      on.objectStore("scan").put(scan);
      if (seen) on.objectStore("seen").put(seen);
    }),
  /** Take a scan back while `mayGo` says so of what is kept; whether it went. */
  takeBack: async (number: number, mayGo: (scan: KeptScan) => boolean): Promise<boolean> => {
    let went = false;
    await kept.within(["scan"], "readwrite", (on) => {
      const store = on.objectStore("scan");
      const asked = store.get(number) as IDBRequest<KeptScan | undefined>;
      asked.onsuccess = () => {
        went = asked.result !== undefined && mayGo(asked.result);
        if (went) store.delete(number);
      };
    });
    return went;
  },
  /** The same scan, signed again; nothing where it was sent meanwhile. */
  replaceScan: (scan: KeptScan): Promise<unknown> =>
    kept.within(["scan"], "readwrite", (on) => {
      const store = on.objectStore("scan");
      const asked = store.get(scan.number);
      asked.onsuccess = () => asked.result && store.put(scan);
    }),
  keepSeen: (seen: KeptSeen): Promise<unknown> => kept.put("seen", seen),
  scans: (count: number): Promise<KeptScan[]> => kept.all("scan", count),
  backlog: (): Promise<number> => kept.within(["scan"], "readonly", (on) => on.objectStore("scan").count()),
  forgetScans: (numbers: readonly number[]): Promise<unknown> =>
    kept.within(["scan"], "readwrite", (on) => numbers.forEach((number) => void on.objectStore("scan").delete(number))),

  /** Everything, when the device is revoked or paired anew: scans that were not sent stay. */
  forgetDevice: (): Promise<unknown> =>
    kept.within(["device", "pack", "change", "seen"], "readwrite", (on) => {
      on.objectStore("device").delete("self");
      for (const name of ["pack", "change", "seen"]) on.objectStore(name).clear();
    }),
};
