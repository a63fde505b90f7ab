/** Local time of the venue: the values of date fields and their instants. */
const ZONE = "Europe/Paris";

const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

/** An instant as `2026-05-09T21:00` in the venue's time zone. */
export function toWall(instant: string | number): string {
  const found = Object.fromEntries(parts.formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
}

/** The instant of `2026-05-09T21:00` at the venue in RFC 3339; null if invalid. */
export function fromWall(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null;
  const target = Date.parse(`${text.slice(0, 16)}Z`);
  if (Number.isNaN(target)) return null;
  let instant = target;
  // Twice: the first guess may be on the other side of a change of daylight saving time.
  for (let guess = 0; guess < 2; guess += 1) instant += target - Date.parse(`${toWall(instant)}Z`);
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/** A local time moved by minutes; an invalid one is unchanged. */
export function shifted(text: string, minutes: number): string {
  const instant = fromWall(text);
  return instant === null ? text : toWall(Date.parse(instant) + minutes * 60_000);
}

/** Minutes between two local times; 0 if one is invalid. */
export function minutesBetween(from: string, to: string): number {
  const [start, end] = [fromWall(from), fromWall(to)];
  return start === null || end === null ? 0 : (Date.parse(end) - Date.parse(start)) / 60_000;
}
