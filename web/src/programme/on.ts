import type { EventLine } from "../api/words";
import { clock } from "../kernel/clock.svelte";
import { connection } from "../kernel/connection.svelte";

/** Whether a match of the programme is being played; without network nothing is live. */
export function isOn(event: EventLine): boolean {
  return event.kind === "match" && connection.online && Date.parse(event.starts_at) <= clock.now();
}
