import { clock } from "../../shared/runtime/clock.svelte";
import { connection } from "../../shared/runtime/connection.svelte";

/** Whether an event is in progress; false without network. */
export function isOn(event: { starts_at: string; ends_at: string }): boolean {
  return connection.online && Date.parse(event.starts_at) <= clock.now() && clock.now() < Date.parse(event.ends_at);
}
