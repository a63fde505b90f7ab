/** The ground's wall clock: what a form's date field holds, and the instant that it means. */
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

/** An instant as `2026-05-09T21:00`, as clocks at the ground show it. */
export function toWall(instant: string | number): string {
  const found = Object.fromEntries(parts.formatToParts(new Date(instant)).map((part) => [part.type, part.value]));
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}`;
}

/** The instant of `2026-05-09T21:00` at the ground in RFC 3339; null for what is no time. */
export function fromWall(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return null;
  const wanted = Date.parse(`${text.slice(0, 16)}Z`);
  if (Number.isNaN(wanted)) return null;
  let instant = wanted;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  for (let turn = 0; turn < 2; turn += 1) instant += wanted - Date.parse(`${toWall(instant)}Z`);
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/** A wall time moved by minutes; what is no time stays as it is. */
export function shifted(text: string, minutes: number): string {
  const instant = fromWall(text);
  return instant === null ? text : toWall(Date.parse(instant) + minutes * 60_000);
}

/** Minutes from one wall time to another; 0 where one of them is none. */
export function minutesBetween(from: string, to: string): number {
  const [one, other] = [fromWall(from), fromWall(to)];
  return one === null || other === null ? 0 : (Date.parse(other) - Date.parse(one)) / 60_000;
}
