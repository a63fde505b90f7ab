/**
 * Storage of the till: records with the head of the chain, the upload queue, and cards. A sale is written in one
 * transaction, so that a killed browser finds the whole sale or none.
 */
import { Kept } from "../devices/database";
import type { Device } from "../devices/pairing";
import { EMPTY, isTraining, type Head, type Written } from "../fiscal/record";
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

type Store = "state" | "record" | "waiting" | "card" | "taken" | "stray" | "load";
/** Records kept for reprints and refunds. */
const RECORDS_MAX = 5_000;

const kept = new Kept<Store>("virage-till", (database) => {
  database.createObjectStore("state");
  const records = database.createObjectStore("record", { keyPath: ["row", "number"] });
  records.createIndex("id", "id");
  records.createIndex("refunded", "refunded");
  database.createObjectStore("waiting", { keyPath: ["row", "number"] });
  database.createObjectStore("card", { keyPath: "uid" });
  database.createObjectStore("taken", { keyPath: "uid" });
  database.createObjectStore("stray", { autoIncrement: true });
  database.createObjectStore("load", { keyPath: "id" });
});

const rowRange = (row: Row, from: number): IDBKeyRange => IDBKeyRange.bound([row, from], [row, Number.MAX_SAFE_INTEGER]);

/** Store one record, in the caller's transaction. */
function store(on: IDBTransaction, written: Written, spent: Spent[], unsent: boolean): void {
  const row = rowOf(written);
  const { number, id, refund_of } = written.record;
  const one: KeptRecord = { ...written, row, number, id, refunded: refund_of?.record ?? null };
  on.objectStore("record").add(one);
  if (unsent) on.objectStore("waiting").put({ row, number, spent } satisfies Waiting);
  on.objectStore("state").put({ number, hash: written.hash } satisfies Head, `head ${row}`);
}

export const storage = {
  device: (): Promise<Device | undefined> => kept.one("state", "self"),
  keepDevice: (device: Device): Promise<unknown> => kept.put("state", device, "self"),
  setting: <T>(name: string): Promise<T | undefined> => kept.one("state", name),
  keepSetting: (name: string, value: unknown): Promise<unknown> => kept.put("state", value, name),
  head: async (row: Row): Promise<Head> => (await kept.one<Head>("state", `head ${row}`)) ?? EMPTY,

  /**
   * Store records in order. Unsent ones wait until the server has answered. The pending online sale is resolved, and taps
   * that paid are marked as taken.
   */
  keep: (written: readonly Written[], about: { unsent: boolean; spent: Spent[]; taken: Taken[] }): Promise<unknown> =>
    kept.within(["state", "record", "waiting", "taken"], "readwrite", (on) => {
      written.forEach((one, at) => store(on, one, at === 0 ? about.spent : [], about.unsent));
      about.taken.forEach((tap) => on.objectStore("taken").put(tap));
      on.objectStore("state").delete("pending");
    }),
  /** Online sale without an answer yet. */
  pending: (): Promise<Written | undefined> => kept.one("state", "pending"),
  keepPending: (written: Written): Promise<unknown> => kept.put("state", written, "pending"),
  dropPending: (): Promise<unknown> => kept.within(["state"], "readwrite", (on) => void on.objectStore("state").delete("pending")),

  waiting: (): Promise<Waiting[]> => kept.all("waiting"),
  record: (row: Row, number: number): Promise<KeptRecord | undefined> => kept.one("record", [row, number]),
  records: (row: Row, from: number, count?: number): Promise<KeptRecord[]> =>
    kept.within(["record"], "readonly", (on) => on.objectStore("record").getAll(rowRange(row, from), count) as IDBRequest<KeptRecord[]>),
  byId: (id: string): Promise<KeptRecord | undefined> =>
    kept.within(["record"], "readonly", (on) => on.objectStore("record").index("id").get(id) as IDBRequest<KeptRecord | undefined>),
  refundsOf: (id: string): Promise<KeptRecord[]> =>
    kept.within(["record"], "readonly", (on) => on.objectStore("record").index("refunded").getAll(id) as IDBRequest<KeptRecord[]>),

  /** Mark records as uploaded, and delete old ones. */
  uploaded: (row: Row, numbers: readonly number[]): Promise<unknown> =>
    kept.within(["waiting", "record"], "readwrite", (on) => {
      numbers.forEach((number) => on.objectStore("waiting").delete([row, number]));
      const last = Math.max(...numbers) - RECORDS_MAX;
      if (last > 0) on.objectStore("record").delete(IDBKeyRange.bound([row, 0], [row, last]));
    }),
  /** Mark records for upload again. */
  uploadAgain: (row: Row, numbers: readonly number[]): Promise<unknown> =>
    kept.within(["waiting"], "readwrite", (on) => {
      const store = on.objectStore("waiting");
      for (const number of numbers) {
        const asked = store.get([row, number]);
        asked.onsuccess = () => asked.result ?? store.put({ row, number, spent: [] } satisfies Waiting);
      }
    }),
  /** Resume after the server's head; later records are set aside, never deleted. */
  resume: (row: Row, head: Head): Promise<unknown> =>
    kept.within(["state", "record", "waiting", "stray"], "readwrite", (on) => {
      const behind = rowRange(row, head.number + 1);
      const asked = on.objectStore("record").getAll(behind) as IDBRequest<KeptRecord[]>;
      asked.onsuccess = () => {
        asked.result.forEach((one) => on.objectStore("stray").add(one));
        on.objectStore("record").delete(behind);
        on.objectStore("waiting").delete(behind);
        on.objectStore("state").put(head, `head ${row}`);
      };
    }),

  card: (uid: string): Promise<Card | undefined> => kept.one("card", uid),
  taken: async (uid: string): Promise<number> => (await kept.one<Taken>("taken", uid))?.counter ?? 0,
  /** Store changed cards with their position; all cards the first time. */
  keepCards: ({ position, all, cards }: CardNews): Promise<unknown> =>
    kept.within(["card", "state"], "readwrite", (on) => {
      const store = on.objectStore("card");
      if (all) store.clear();
      for (const [uid, counter, blocked] of cards) store.put({ uid, counter, blocked } satisfies Card);
      on.objectStore("state").put(position, "cards");
    }),

  /** Top-up of a wallet without an answer yet; sent again it is the same top-up. */
  unanswered: (purse: string): Promise<TopUpRecord | undefined> => kept.one("state", `load ${purse}`),
  keepUnanswered: (load: TopUpRecord): Promise<unknown> => kept.put("state", load, `load ${load.purse}`),
  dropUnanswered: (purse: string): Promise<unknown> => kept.within(["state"], "readwrite", (on) => void on.objectStore("state").delete(`load ${purse}`)),

  /** Store an answered top-up, for the cash count. */
  keepLoad: (load: Load, purse: string): Promise<unknown> =>
    kept.within(["load", "state"], "readwrite", (on) => {
      on.objectStore("load").put(load);
      on.objectStore("state").delete(`load ${purse}`);
    }),
  loads: (): Promise<Load[]> => kept.all("load"),

  /** Unpair the device. Its chain is set aside. */
  forgetDevice: (): Promise<unknown> =>
    kept.within(["state", "record", "waiting", "card", "taken", "stray", "load"], "readwrite", (on) => {
      const asked = on.objectStore("record").getAll() as IDBRequest<KeptRecord[]>;
      asked.onsuccess = () => {
        asked.result.forEach((one) => on.objectStore("stray").add(one));
        for (const name of ["state", "record", "waiting", "card", "taken", "load"]) on.objectStore(name).clear();
      };
    }),
};

export interface Load {
  id: string;
  at: string;
  cents: number;
  tender: "cash" | "terminal";
}
