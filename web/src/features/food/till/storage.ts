/**
 * Storage of the till: records with the head of the chain, the upload queue, and cards. A sale is written in one
 * transaction, so that a killed browser finds the whole sale or none.
 */
import type { DBSchema } from "idb";
import type { Device } from "../../../shared/devices/pairing";
import { BrowserDatabase } from "../../../shared/runtime/database";
import { EMPTY, isTraining, type Head, type Written } from "../../fiscal/record";
import type { Card, Spent } from "./offline";
import type { TopUpRecord } from "./topUp";
import type { CardNews } from "./messages";

export type Row = "real" | "training";
const rowOf = ({ record }: Written): Row => (isTraining(record.kind) ? "training" : "real");

/** Stored record, by chain and number. */
export interface KeptRecord extends Written {
  row: Row;
  number: number;
  id: string;
  refunded: string | null;
}

/** Record that waits for upload, with its offline card payments. */
export interface Waiting {
  row: Row;
  number: number;
  spent: Spent[];
}

/** Last accepted counter of a card. */
export interface Taken {
  uid: string;
  counter: number;
}

interface Schema extends DBSchema {
  /** The device under `self`, the heads of the chains, and settings by their names. */
  state: { key: string; value: unknown };
  record: { key: [row: Row, number: number]; value: KeptRecord; indexes: { id: string; refunded: string } };
  waiting: { key: [row: Row, number: number]; value: Waiting };
  card: { key: string; value: Card };
  taken: { key: string; value: Taken };
  stray: { key: number; value: KeptRecord };
  load: { key: string; value: BookedTopUp };
}

/** Records kept for reprints and refunds. */
const RECORDS_MAX = 5_000;

const database = new BrowserDatabase<Schema>("virage-till", (created) => {
  created.createObjectStore("state");
  const records = created.createObjectStore("record", { keyPath: ["row", "number"] });
  records.createIndex("id", "id");
  records.createIndex("refunded", "refunded");
  created.createObjectStore("waiting", { keyPath: ["row", "number"] });
  created.createObjectStore("card", { keyPath: "uid" });
  created.createObjectStore("taken", { keyPath: "uid" });
  created.createObjectStore("stray", { autoIncrement: true });
  created.createObjectStore("load", { keyPath: "id" });
});

const rowRange = (row: Row, from: number): IDBKeyRange => IDBKeyRange.bound([row, from], [row, Number.MAX_SAFE_INTEGER]);

export const storage = {
  device: (): Promise<Device | undefined> => database.get("state", "self") as Promise<Device | undefined>,
  keepDevice: (device: Device): Promise<void> => database.put("state", device, "self"),
  setting: <T>(name: string): Promise<T | undefined> => database.get("state", name) as Promise<T | undefined>,
  keepSetting: (name: string, value: unknown): Promise<void> => database.put("state", value, name),
  head: async (row: Row): Promise<Head> => ((await database.get("state", `head ${row}`)) as Head | undefined) ?? EMPTY,

  /**
   * Store records in order. Unsent ones wait until the server has answered. The pending online sale is resolved, and taps
   * that paid are marked as taken. Payments at the card reader that the records name are booked.
   */
  keep: (written: readonly Written[], about: { unsent: boolean; spent: Spent[]; taken: Taken[] }): Promise<void> =>
    database.within(["state", "record", "waiting", "taken"], "readwrite", async (on) => {
      const state = on.objectStore("state");
      for (const [at, entry] of written.entries()) {
        const row = rowOf(entry);
        const { number, id, refund_of } = entry.record;
        await on.objectStore("record").add({ ...entry, row, number, id, refunded: refund_of?.record ?? null });
        if (about.unsent) await on.objectStore("waiting").put({ row, number, spent: at === 0 ? about.spent : [] });
        await state.put({ number, hash: entry.hash } satisfies Head, `head ${row}`);
      }
      const proofs = new Set(written.flatMap(({ record }) => record.tenders.map(({ proof }) => proof)));
      const atReader = ((await state.get("cardPayments")) ?? []) as { reference: string | null }[];
      const open = atReader.filter(({ reference }) => reference === null || !proofs.has(reference));
      if (open.length < atReader.length) await state.put(open, "cardPayments");
      await Promise.all([...about.taken.map((tap) => on.objectStore("taken").put(tap)), state.delete("pending")]);
    }),
  /** Online sale without an answer yet. */
  pending: (): Promise<Written | undefined> => database.get("state", "pending") as Promise<Written | undefined>,
  keepPending: (written: Written): Promise<void> => database.put("state", written, "pending"),
  dropPending: (): Promise<void> => database.delete("state", "pending"),

  waiting: (): Promise<Waiting[]> => database.all("waiting"),
  record: (row: Row, number: number): Promise<KeptRecord | undefined> => database.get("record", [row, number]),
  records: (row: Row, from: number, count?: number): Promise<KeptRecord[]> =>
    database.within(["record"], "readonly", (on) => on.objectStore("record").getAll(rowRange(row, from), count)),
  byId: (id: string): Promise<KeptRecord | undefined> =>
    database.within(["record"], "readonly", (on) => on.objectStore("record").index("id").get(id)),
  refundsOf: (id: string): Promise<KeptRecord[]> =>
    database.within(["record"], "readonly", (on) => on.objectStore("record").index("refunded").getAll(id)),

  /** Mark records as uploaded, and delete old ones. */
  uploaded: (row: Row, numbers: readonly number[]): Promise<unknown> =>
    database.within(["waiting", "record"], "readwrite", (on) => {
      const last = Math.max(...numbers) - RECORDS_MAX;
      const old = last > 0 ? on.objectStore("record").delete(IDBKeyRange.bound([row, 0], [row, last])) : null;
      return Promise.all([old, ...numbers.map((number) => on.objectStore("waiting").delete([row, number]))]);
    }),
  /** Mark records for upload again. */
  uploadAgain: (row: Row, numbers: readonly number[]): Promise<void> =>
    database.within(["waiting"], "readwrite", async (on) => {
      const store = on.objectStore("waiting");
      for (const number of numbers) if (!(await store.get([row, number]))) await store.put({ row, number, spent: [] });
    }),
  /** Resume after the server's head; later records are set aside, never deleted. */
  resume: (row: Row, head: Head): Promise<void> =>
    database.within(["state", "record", "waiting", "stray"], "readwrite", async (on) => {
      const behind = rowRange(row, head.number + 1);
      for (const record of await on.objectStore("record").getAll(behind)) await on.objectStore("stray").add(record);
      await on.objectStore("record").delete(behind);
      await on.objectStore("waiting").delete(behind);
      await on.objectStore("state").put(head, `head ${row}`);
    }),

  card: (uid: string): Promise<Card | undefined> => database.get("card", uid),
  taken: async (uid: string): Promise<number> => (await database.get("taken", uid))?.counter ?? 0,
  /** Store changed cards with their position; all cards the first time. */
  keepCards: ({ position, all, cards }: CardNews): Promise<void> =>
    database.within(["card", "state"], "readwrite", async (on) => {
      const store = on.objectStore("card");
      if (all) await store.clear();
      await Promise.all(cards.map(([uid, counter, blocked]) => store.put({ uid, counter, blocked })));
      await on.objectStore("state").put(position, "cards");
    }),

  /** Top-up of a wallet without an answer yet; sent again it is the same top-up. */
  unanswered: (wallet: string): Promise<TopUpRecord | undefined> => database.get("state", `load ${wallet}`) as Promise<TopUpRecord | undefined>,
  keepUnanswered: (topUp: TopUpRecord): Promise<void> => database.put("state", topUp, `load ${topUp.purse}`),
  dropUnanswered: (wallet: string): Promise<void> => database.delete("state", `load ${wallet}`),

  /** Store an answered top-up, for the cash count. */
  keepTopUp: (topUp: BookedTopUp, wallet: string): Promise<unknown> =>
    database.within(["load", "state"], "readwrite", (on) =>
      Promise.all([on.objectStore("load").put(topUp), on.objectStore("state").delete(`load ${wallet}`)]),
    ),
  topUps: (): Promise<BookedTopUp[]> => database.all("load"),

  /** Unpair the device. Its chain is set aside. */
  forgetDevice: (): Promise<unknown> =>
    database.within(["state", "record", "waiting", "card", "taken", "stray", "load"], "readwrite", async (on) => {
      for (const record of await on.objectStore("record").getAll()) await on.objectStore("stray").add(record);
      return Promise.all((["state", "record", "waiting", "card", "taken", "load"] as const).map((name) => on.objectStore(name).clear()));
    }),
};

/** A booked top-up or payout, for the cash count. */
export interface BookedTopUp {
  id: string;
  at: string;
  cents: number;
  tender: "cash" | "terminal";
}
