/**
 * Storage of a steward's phone in IndexedDB: what waits to be sent, in the order in which it was written, and the last state
 * of the server. Writes resolve when they are on disk. What waits belongs to an account and stays when that signs out.
 */
import type { DBSchema } from "idb";
import type { components } from "../../../shared/api/schema";
import { BrowserDatabase } from "../../../shared/runtime/database";

type Schemas = components["schemas"];
export type Report = Schemas["IncidentReport"];
export type Addition = Schemas["NoteIncident"] | Schemas["PrioritiseIncident"];
export type Step = Schemas["StepRequest"];
/** A request that waits. `refused` is the code with which the server refused it. */
export type Waiting = { order?: number; person: string; event: string; refused?: string } & (
  | { what: "report"; body: Report }
  | { what: "addition"; report: string; body: Addition }
  | { what: "step"; assignment: string; body: Step }
);

interface Schema extends DBSchema {
  waiting: { key: number; value: Waiting };
  state: { key: string; value: unknown };
}

const database = new BrowserDatabase<Schema>("virage-stewards", (created) => {
  created.createObjectStore("waiting", { keyPath: "order", autoIncrement: true });
  created.createObjectStore("state");
});

export const storage = {
  waiting: (): Promise<Waiting[]> => database.all("waiting"),
  /** Store a request, new or changed. */
  keep: (one: Waiting): Promise<void> => database.put("waiting", one),
  drop: (order: number): Promise<void> => database.delete("waiting", order),
  state: <T>(key: string): Promise<T | undefined> => database.get("state", key) as Promise<T | undefined>,
  keepState: (key: string, value: unknown): Promise<void> => database.put("state", value, key),
};
