/** When the messages of an event are followed: from six hours before the doors until three hours after the end. */
const BEFORE_DOORS_MS = 6 * 3_600_000;
const AFTER_END_MS = 3 * 3_600_000;
/** More than a venue has in a day: one connection follows them all. */
const EVENTS_MAX = 8;

interface Times {
  doors_at: string;
  starts_at: string;
  ends_at: string;
}

export function isAround({ doors_at, ends_at }: Pick<Times, "doors_at" | "ends_at">, now: number): boolean {
  return now > Date.parse(doors_at) - BEFORE_DOORS_MS && now < Date.parse(ends_at) + AFTER_END_MS;
}

/** The events around now, at most eight: those whose start is nearest. */
export function eventsAround<Event extends Times>(events: readonly Event[], now: number): Event[] {
  const distance = ({ starts_at }: Event): number => Math.abs(Date.parse(starts_at) - now);
  return events.filter((event) => isAround(event, now)).sort((a, b) => distance(a) - distance(b)).slice(0, EVENTS_MAX);
}
