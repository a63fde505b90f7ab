/** The current event, which decides price windows and alcohol. */
import type { On } from "../rules/alcohol";
import type { PackEvent, Pack } from "./messages";

/** The event between its doors and its end; of two, the one that starts first. */
export function eventAt({ evenings }: Pack, now: number): PackEvent | null {
  const on = evenings.filter(({ doors_at, ends_at }) => Date.parse(doors_at) <= now && now < Date.parse(ends_at));
  return on.sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))[0] ?? null;
}

export const onAt = (pack: Pack, now: number): On | null => {
  const evening = eventAt(pack, now);
  return evening && { organiser_id: evening.organiser_id, state: "published", alcohol: evening.alcohol };
};

/** Minutes since the start of the event; null without one. */
export const minutesAt = (pack: Pack, now: number): number | null => {
  const evening = eventAt(pack, now);
  return evening && (now - Date.parse(evening.starts_at)) / 60_000;
};
