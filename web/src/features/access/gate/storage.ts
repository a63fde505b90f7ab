/**
 * Storage of the gate in IndexedDB. Writes resolve when their transaction is on disk.
 *
 * Scan numbers are reserved in ranges: after a crash the next start continues above the range, so that no number is used
 * twice.
 */
import type { DBSchema } from "idb";
import type { Device } from "../../../shared/devices/pairing";
import { BrowserDatabase } from "../../../shared/runtime/database";
import type { Presence } from "./decide";
import type { Changes, ScanBody, SignedPack } from "./messages";

export interface StoredPack {
  event_id: string;
  sealed: SignedPack;
  /** Public keys of the event, fetched with the pack. */
  keys: { kid: string; x: string }[];
}

/** A signed scan that waits for upload. */
export interface StoredScan {
  number: number;
  body: string;
  signature: string;
  kind: ScanBody["kind"];
  /** Time on the device's clock until which the scan may be undone and is not sent. */
  held_until?: number;
  /** Set if the time was not trusted: the scan is signed again once the server's time is known. */
  unverified?: Unverified;
}

/** A scan without its number; when it was made on the device's clock (`own`) and the monotonic clock (`passed`), which began at `start`. */
export interface Unverified {
  about: Omit<ScanBody, "number">;
  own: number;
  passed: number;
  start: number;
}

/** A crossing of a pass at this device. */
export interface StoredCrossing {
  event_id: string;
  number: number;
  generation: number;
  presence: Presence | null;
  /** Number of the scan that reports the crossing to the server. */
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
  /** The device under `self`, and settings by name. */
  device: { key: string; value: unknown };
  pack: { key: string; value: StoredPack };
  change: { key: number; value: Changes };
  scan: { key: number; value: StoredScan };
  seen: { key: [eventId: string, number: number]; value: StoredCrossing };
}

/** Scan numbers reserved at once. */
const RESERVED = 100;

const database = new BrowserDatabase<Schema>("virage-gate", (created) => {
  created.createObjectStore("device");
  created.createObjectStore("pack", { keyPath: "event_id" });
  created.createObjectStore("change", { autoIncrement: true });
  created.createObjectStore("scan", { keyPath: "number" });
  created.createObjectStore("seen", { keyPath: ["event_id", "number"] });
});

const crossingKey = ({ number, scan, presence }: StoredCrossing): string => `${number} ${scan} ${presence?.since}`;

let next = 0;
let end = 0;
let reserving: Promise<void> | null = null;

async function reserveNumbers(): Promise<void> {
  await database.within(["device"], "readwrite", async (on) => {
    const store = on.objectStore("device");
    next = ((await store.get("next")) as number | undefined) ?? 1;
    end = next + RESERVED;
    await store.put(end, "next");
  });
}

/** A scan number that this device never used. */
async function newNumber(): Promise<number> {
  while (next >= end) {
    reserving ??= reserveNumbers().finally(() => (reserving = null));
    await reserving;
  }
  next += 1;
  return next - 1;
}

export const storage = {
  device: (): Promise<Device | undefined> => database.get("device", "self") as Promise<Device | undefined>,
  keepDevice: (device: Device): Promise<void> => database.put("device", device, "self"),
  setting: <T>(name: string): Promise<T | undefined> => database.get("device", name) as Promise<T | undefined>,
  keepSetting: (name: string, value: unknown): Promise<void> => database.put("device", value, name),
  newNumber,

  pack: (eventId: string): Promise<StoredPack | undefined> => database.get("pack", eventId),
  changes: (): Promise<Changes[]> => database.all("change"),
  crossings: (): Promise<StoredCrossing[]> => database.all("seen"),
  keepChanges: (changes: Changes): Promise<void> => database.put("change", changes),

  /** Crossings before a time whose scans are uploaded. */
  uploadedCrossings: async (before: number): Promise<StoredCrossing[]> => {
    const crossings = await storage.crossings();
    const unsent = new Set(await database.within(["scan"], "readonly", (on) => on.objectStore("scan").getAllKeys()));
    return crossings.filter(({ presence, scan }) => (presence?.since ?? 0) < before && !(scan !== undefined && unsent.has(scan)));
  },

  /**
   * Replace the pack, its changes and the crossings that it contains (`uploaded`). Return the crossings that stay: the
   * device may have made some meanwhile.
   */
  keepPack: (pack: StoredPack, uploaded: readonly StoredCrossing[]): Promise<StoredCrossing[]> => {
    const known = new Set(uploaded.map(crossingKey));
    const isReplaced = (crossing: StoredCrossing): boolean => crossing.event_id !== pack.event_id || known.has(crossingKey(crossing));
    return database.within(["pack", "change", "seen"], "readwrite", async (on) => {
      const store = on.objectStore("seen");
      const [crossings] = await Promise.all([store.getAll(), on.objectStore("pack").clear(), on.objectStore("change").clear()]);
      const replaced = crossings.filter(isReplaced);
      await Promise.all([on.objectStore("pack").put(pack), ...replaced.map(({ event_id, number }) => store.delete([event_id, number]))]);
      return crossings.filter((crossing) => !isReplaced(crossing));
    });
  },

  /** Delete the pack, its changes and the crossings. Unsent scans stay. */
  dropPack: (): Promise<unknown> =>
    database.within(["pack", "change", "seen"], "readwrite", (on) =>
      Promise.all([on.objectStore("pack").clear(), on.objectStore("change").clear(), on.objectStore("seen").clear()]),
    ),

  /** Store a scan with its crossing in one transaction. */
  keepScan: (scan: StoredScan, crossing: StoredCrossing | null): Promise<unknown> =>
    database.within(["scan", "seen"], "readwrite", (on) =>
      Promise.all([on.objectStore("scan").put(scan), crossing && on.objectStore("seen").put(crossing)]),
    ),
  /** Delete a scan if `mayDelete` allows it; whether it was deleted. */
  undoScan: (number: number, mayDelete: (scan: StoredScan) => boolean): Promise<boolean> =>
    database.within(["scan"], "readwrite", async (on) => {
      const store = on.objectStore("scan");
      const scan = await store.get(number);
      if (!scan || !mayDelete(scan)) return false;
      await store.delete(number);
      return true;
    }),
  /** Replace a scan that was signed again, unless it was uploaded meanwhile. */
  replaceScan: (scan: StoredScan): Promise<void> =>
    database.within(["scan"], "readwrite", async (on) => {
      const store = on.objectStore("scan");
      if (await store.get(scan.number)) await store.put(scan);
    }),
  keepCrossing: (crossing: StoredCrossing): Promise<void> => database.put("seen", crossing),
  scans: (count: number): Promise<StoredScan[]> => database.all("scan", count),
  backlog: (): Promise<number> => database.within(["scan"], "readonly", (on) => on.objectStore("scan").count()),
  deleteScans: (numbers: readonly number[]): Promise<unknown> =>
    database.within(["scan"], "readwrite", (on) => Promise.all(numbers.map((number) => on.objectStore("scan").delete(number)))),

  /** Unpair the device. Unsent scans stay. */
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
