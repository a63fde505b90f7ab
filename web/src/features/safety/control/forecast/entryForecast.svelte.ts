/** The forecast of the entry, read every few seconds. */
import { answered } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { clock } from "../../../../shared/runtime/clock.svelte";
import { connection } from "../../../../shared/runtime/connection.svelte";

type Schemas = components["schemas"];
export type EntryNow = Schemas["EntryNow"];

const EVERY_MS = 2_000;
/** An answer that is older is late. */
const LATE_MS = 8_000;

export class EntryForecasts {
  readonly event: string;
  shown = $state.raw<EntryNow | null>(null);
  #readAt = $state<number | null>(null);

  constructor(event: string) {
    this.event = event;
  }

  readonly late = $derived(this.shown !== null && (this.shown.is_late || !connection.online || (this.#readAt !== null && clock.tick - this.#readAt > LATE_MS)));

  /** Read again and again; returns the end of it. */
  follow(): () => void {
    const unwatch = clock.watch();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const read = async (): Promise<void> => {
      if (connection.online && !document.hidden) await this.#load();
      if (!ended) timer = setTimeout(() => void read(), EVERY_MS);
    };
    void read();
    return () => {
      ended = true;
      clearTimeout(timer);
      unwatch();
    };
  }

  async #load(): Promise<void> {
    const answer = await answered<EntryNow>(api.GET("/api/control/events/{event_id}/entry", { params: { path: { event_id: this.event } } }));
    if (!answer.ok) return;
    this.shown = answer.data;
    this.#readAt = clock.now();
  }
}
