/**
 * What waits on a fan's phone to be sent, in IndexedDB, in the order in which it was written. Nothing else of a request is
 * stored on the phone: what the server has is deleted here.
 */
import type { DBSchema } from "idb";
import type { components } from "../../../shared/api/schema";
import { BrowserDatabase } from "../../../shared/runtime/database";

type Schemas = components["schemas"];
/** A message that waits. `refused` is the code with which the server refused it. */
export type Waiting = { order?: number; person: string; event: string; request: string; refused?: string } & (
  | { what: "request"; body: Schemas["HelpRequest"] }
  | { what: "text"; body: Schemas["RequestAddition"] }
  | { what: "withdrawal" | "hiding" }
);

interface Schema extends DBSchema {
  waiting: { key: number; value: Waiting };
}

const database = new BrowserDatabase<Schema>("virage-help", (created) => {
  created.createObjectStore("waiting", { keyPath: "order", autoIncrement: true });
});

export const storage = {
  waiting: (): Promise<Waiting[]> => database.all("waiting"),
  /** Store a message, new or changed. */
  keep: (one: Waiting): Promise<void> => database.put("waiting", one),
  drop: (order: number): Promise<void> => database.delete("waiting", order),
};
