/** Reads a list again after each change of an event's log, when the network goes or comes, and now and then. */
import { follow } from "../../../shared/api/stream";

/** Call `load` now and `pollMs` after its end, or sooner if the log has changed; returns the end of it. */
export function followLog(event: string, load: () => Promise<void>, pollMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;
  let known: number | null = null;
  const read = async (): Promise<void> => {
    clearTimeout(timer);
    const own = (turn += 1);
    await load();
    if (own === turn) timer = setTimeout(() => void read(), pollMs);
  };
  const again = (): void => void read();
  const leave = follow("control", event, null, ({ log_number }) => {
    if (known !== null && log_number !== known) again();
    known = log_number;
  });
  for (const change of ["online", "offline"]) addEventListener(change, again);
  again();
  return () => {
    turn += 1;
    clearTimeout(timer);
    leave();
    for (const change of ["online", "offline"]) removeEventListener(change, again);
  };
}
