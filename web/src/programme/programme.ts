/** The programme in the order of a poster: the next event large, then concerts, series and the rest. */
import type { EventLine } from "../api/words";

export interface Series {
  name: string;
  events: EventLine[];
}
export interface Programme {
  first: EventLine | null;
  series: Series[];
  others: EventLine[];
}

export function arrange(events: readonly EventLine[], now: number, nameOf: (event: EventLine) => string): Programme {
  const coming = [...events].sort(
    (one, other) => one.starts_at.localeCompare(other.starts_at) || one.id.localeCompare(other.id),
  );
  const first = coming.find((event) => now < Date.parse(event.sale_closes_at)) ?? null;
  const series = new Map<string, EventLine[]>();
  const others: EventLine[] = [];
  for (const event of coming) {
    if (event === first) continue;
    const name = nameOf(event);
    if (name) series.set(name, [...(series.get(name) ?? []), event]);
    else others.push(event);
  }
  return { first, series: [...series].map(([name, members]) => ({ name, events: members })), others };
}
