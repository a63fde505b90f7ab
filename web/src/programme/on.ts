import { clock } from "../kernel/clock.svelte";
import { connection } from "../kernel/connection.svelte";

/** Whether an event is going on at this moment; without a network nothing is live. */
export function isOn(event: { starts_at: string; ends_at: string }): boolean {
  return connection.online && Date.parse(event.starts_at) <= clock.now() && clock.now() < Date.parse(event.ends_at);
}
