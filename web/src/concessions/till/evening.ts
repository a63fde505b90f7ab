/** What is on at a moment: it decides about windows of prices, and about alcohol. */
import type { On } from "../../food/rules/alcohol";
import type { Evening, Pack } from "./wire";

/** The event between its doors and its end; of two the one that starts earlier. */
export function eveningAt({ evenings }: Pack, now: number): Evening | null {
  const on = evenings.filter(({ doors_at, ends_at }) => Date.parse(doors_at) <= now && now < Date.parse(ends_at));
  return on.sort((one, other) => Date.parse(one.starts_at) - Date.parse(other.starts_at))[0] ?? null;
}

export const onAt = (pack: Pack, now: number): On | null => {
  const evening = eveningAt(pack, now);
  return evening && { organiser_id: evening.organiser_id, state: "published", alcohol: evening.alcohol };
};

/** Minutes since the event's start; null where nothing is on. */
export const minutesAt = (pack: Pack, now: number): number | null => {
  const evening = eveningAt(pack, now);
  return evening && (now - Date.parse(evening.starts_at)) / 60_000;
};
