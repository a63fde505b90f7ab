/** The order of the home page: the next event first, then series, then the rest. */
import type { EventSummary } from "../../shared/api/words";

export interface Series {
  name: string;
  events: EventSummary[];
}
export interface Programme {
  first: EventSummary | null;
  series: Series[];
  others: EventSummary[];
}

export function arrange(events: readonly EventSummary[], now: number, nameOf: (event: EventSummary) => string): Programme {
  const coming = [...events].sort(
    (first, second) => first.starts_at.localeCompare(second.starts_at) || first.id.localeCompare(second.id),
  );
  const first = coming.find((event) => now < Date.parse(event.sale_closes_at)) ?? null;
  const series = new Map<string, EventSummary[]>();
  const others: EventSummary[] = [];
  for (const event of coming) {
    if (event === first) continue;
    const name = nameOf(event);
    if (name) series.set(name, [...(series.get(name) ?? []), event]);
    else others.push(event);
  }
  return { first, series: [...series].map(([name, members]) => ({ name, events: members })), others };
}
