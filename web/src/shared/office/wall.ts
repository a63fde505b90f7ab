/** Local times: the values of date fields and their instants in a time zone (IANA). */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const digits = "2-digit";
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone, year: "numeric", month: digits, day: digits, hour: digits, minute: digits, hourCycle: "h23",
  });
  formats.set(timeZone, made);
  return made;
}

/** An instant as `2026-05-09T21:00` in a time zone. */
export function toWall(instant: string | number, zone: string): string {
  const found = Object.fromEntries(formatOf(zone).formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
}

/** The instant of `2026-05-09T21:00` in RFC 3339; null if invalid. */
export function fromWall(text: string, zone: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null;
  const target = Date.parse(`${text.slice(0, 16)}Z`);
  if (Number.isNaN(target)) return null;
  let instant = target;
  // Twice: the first guess may be on the other side of a change of daylight saving time.
  for (let guess = 0; guess < 2; guess += 1) instant += target - Date.parse(`${toWall(instant, zone)}Z`);
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/** A local time moved by minutes; an invalid one is unchanged. */
export function shifted(text: string, minutes: number, zone: string): string {
  const instant = fromWall(text, zone);
  return instant === null ? text : toWall(Date.parse(instant) + minutes * 60_000, zone);
}

/** Minutes between two local times; 0 if one is invalid. */
export function minutesBetween(from: string, to: string, zone: string): number {
  const [start, end] = [fromWall(from, zone), fromWall(to, zone)];
  return start === null || end === null ? 0 : (Date.parse(end) - Date.parse(start)) / 60_000;
}
