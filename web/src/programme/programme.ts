/** The programme in the order of a poster: the next event large, then concerts, series and the rest. */
import type { EventInfo } from "../api/words";

export interface Series {
  name: string;
  events: EventInfo[];
}
export interface Programme {
  first: EventInfo | null;
  series: Series[];
  others: EventInfo[];
}

export function arrange(events: readonly EventInfo[], now: number, nameOf: (event: EventInfo) => string): Programme {
  const coming = events
    .filter((event) => Date.parse(event.ends_at) > now)
    .sort((one, other) => one.starts_at.localeCompare(other.starts_at) || one.id.localeCompare(other.id));
  const first = coming.find((event) => event.state !== "cancelled" && now < Date.parse(event.sale_closes_at)) ?? null;
  const series = new Map<string, EventInfo[]>();
  const others: EventInfo[] = [];
  for (const event of coming) {
    if (event === first) continue;
    const name = nameOf(event);
    if (name) series.set(name, [...(series.get(name) ?? []), event]);
    else others.push(event);
  }
  return { first, series: [...series].map(([name, members]) => ({ name, events: members })), others };
}
