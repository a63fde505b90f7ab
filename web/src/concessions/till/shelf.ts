/**
 * What a till keeps: a record with the head of its chain, what of it must still be told, and what it says of cards, all in
 * one transaction, so that a killed browser finds either the whole sale or none.
 */
import { Kept } from "../../devices/database";
import type { Device } from "../../devices/pairing";
import { EMPTY, isTraining, type Head, type Written } from "../fiscal/record";
import type { Card, Spent } from "./alone";
import type { LoadSaid } from "./load";
import type { CardNews } from "./wire";

export type Row = "real" | "training";
const rowOf = ({ record }: Written): Row => (isTraining(record.kind) ? "training" : "real");

/** A record that the till wrote; under its row and number. */
export interface KeptRecord extends Written {
  row: Row;
  number: number;
  id: string;
  refunded: string | null;
}

/** A record that the server has not answered for, and what cards paid in it alone. */
export interface Waiting {
  row: Row;
  number: number;
  spent: Spent[];
}

/** What a tap was taken at. */
export interface Taken {
  uid: string;
  counter: number;
}

type Store = "state" | "record" | "waiting" | "card" | "taken" | "stray" | "load";
/** The last record that a till printed again, refunds or shows is at most this many records ago. */
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

/** Put one record on the shelf, in the caller's transaction. */
function lay(on: IDBTransaction, written: Written, spent: Spent[], told: boolean): void {
  const row = rowOf(written);
  const { number, id, refund_of } = written.record;
  const one: KeptRecord = { ...written, row, number, id, refunded: refund_of?.record ?? null };
  on.objectStore("record").add(one);
  if (told) on.objectStore("waiting").put({ row, number, spent } satisfies Waiting);
  on.objectStore("state").put({ number, hash: written.hash } satisfies Head, `head ${row}`);
}

export const shelf = {
  device: (): Promise<Device | undefined> => kept.one("state", "self"),
  keepDevice: (device: Device): Promise<unknown> => kept.put("state", device, "self"),
  setting: <T>(name: string): Promise<T | undefined> => kept.one("state", name),
  keepSetting: (name: string, value: unknown): Promise<unknown> => kept.put("state", value, name),
  head: async (row: Row): Promise<Head> => (await kept.one<Head>("state", `head ${row}`)) ?? EMPTY,

  /**
   * Keep records in their order: told ones wait until the server has answered for them. What was asked about is answered
   * with this, and taps that paid are taken.
   */
  keep: (written: readonly Written[], about: { told: boolean; spent: Spent[]; taken: Taken[] }): Promise<unknown> =>
    kept.within(["state", "record", "waiting", "taken"], "readwrite", (on) => {
      written.forEach((one, at) => lay(on, one, at === 0 ? about.spent : [], about.told));
      about.taken.forEach((tap) => on.objectStore("taken").put(tap));
      on.objectStore("state").delete("pending");
    }),
  /** What the server was asked about while nothing has been handed out. */
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

  /** The server has answered for these: they need not be told again, and old ones go. */
  told: (row: Row, numbers: readonly number[]): Promise<unknown> =>
    kept.within(["waiting", "record"], "readwrite", (on) => {
      numbers.forEach((number) => on.objectStore("waiting").delete([row, number]));
      const last = Math.max(...numbers) - RECORDS_MAX;
      if (last > 0) on.objectStore("record").delete(IDBKeyRange.bound([row, 0], [row, last]));
    }),
  /** The server lacks records from a number on: all of them wait again. */
  tellAgain: (row: Row, numbers: readonly number[]): Promise<unknown> =>
    kept.within(["waiting"], "readwrite", (on) => {
      const store = on.objectStore("waiting");
      for (const number of numbers) {
        const asked = store.get([row, number]);
        asked.onsuccess = () => asked.result ?? store.put({ row, number, spent: [] } satisfies Waiting);
      }
    }),
  /** Go on after a head that the server named; what stands behind it here is put aside, and never thrown away. */
  goOn: (row: Row, head: Head): Promise<unknown> =>
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
  /** What changed of cards, with the position that it reaches; the first time all of them. */
  keepCards: ({ position, all, cards }: CardNews): Promise<unknown> =>
    kept.within(["card", "state"], "readwrite", (on) => {
      const store = on.objectStore("card");
      if (all) store.clear();
      for (const [uid, counter, blocked] of cards) store.put({ uid, counter, blocked } satisfies Card);
      on.objectStore("state").put(position, "cards");
    }),

  /** What a desk asked for a purse that the server has not answered: asked for again it is the same load. */
  unanswered: (purse: string): Promise<LoadSaid | undefined> => kept.one("state", `load ${purse}`),
  keepUnanswered: (load: LoadSaid): Promise<unknown> => kept.put("state", load, `load ${load.purse}`),
  dropUnanswered: (purse: string): Promise<unknown> => kept.within(["state"], "readwrite", (on) => void on.objectStore("state").delete(`load ${purse}`)),

  /** Cash and slips of the desk, for the count of the drawer; the load is answered with this. */
  keepLoad: (load: Load, purse: string): Promise<unknown> =>
    kept.within(["load", "state"], "readwrite", (on) => {
      on.objectStore("load").put(load);
      on.objectStore("state").delete(`load ${purse}`);
    }),
  loads: (): Promise<Load[]> => kept.all("load"),

  /** The device is another one from now on. What was not told is put aside with the rest of its chain. */
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
