/** A list of entries: `name; e-mail; last day` a line, of which a name or an address may be missing. */
import { ADDRESS } from "../../people/address";
import { dayOf, plain, type Line, type Reading } from "../lists/lines";
import type { Ban, BanWish } from "../types";
import { fromWall } from "../wall";
import { words } from "../words.svelte";

const HEADS = new Set(["name", "nom"]);
const YEARS_MAX = 10;

/** The end of a day at the ground; null for what is no day. */
export const endOf = (day: string | null): string | null => (day ? fromWall(`${day}T23:59`) : null);

/** Whether an entry may end then: it lies ahead, and not too far. */
export const isEnd = (instant: string, now: number): boolean =>
  Date.parse(instant) > now && Date.parse(instant) <= now + 366 * YEARS_MAX * 86_400_000;

const keyOf = (name: string | null | undefined, email: string | null | undefined, end: string): string =>
  [plain(name ?? ""), plain(email ?? ""), new Date(end).getTime()].join("\n");

/** What lines say; an entry that the file has already is not added again. */
export function readEntries(lines: Line[], known: readonly Ban[], now: number, idOf: (key: string) => string): Reading<BanWish> {
  const w = words.w.bans;
  const there = new Set(known.map((one) => keyOf(one.name, one.email, one.expires_at)));
  const seen = new Map<string, number>();
  const reading: Reading<BanWish> = { items: [], defects: [], known: 0 };
  const body = HEADS.has(plain(lines[0]?.cells[0] ?? "")) ? lines.slice(1) : lines;
  for (const { number, cells } of body) {
    const [name = "", email = "", day = "", ...rest] = cells;
    const end = endOf(dayOf(day));
    const wrong: string[] = [];
    if (!name && !email) wrong.push(w.whoMissing);
    if (email && !ADDRESS.test(email)) wrong.push(w.emailWrong(email));
    if (!end) wrong.push(day ? w.dayWrong(day) : w.dayMissing);
    else if (!isEnd(end, now)) wrong.push(w.dayOut);
    if (rest.some(Boolean)) wrong.push(w.tooManyCells);
    const key = keyOf(name, email, end ?? "");
    if (wrong.length === 0 && seen.has(key)) wrong.push(w.twice(seen.get(key)!));
    seen.set(key, seen.get(key) ?? number);
    reading.defects.push(...wrong.map((text) => ({ line: number, text })));
    if (wrong.length > 0 || !end) continue;
    if (there.has(key)) reading.known += 1;
    else reading.items.push({ line: number, item: { id: idOf(key), name: name || null, email: email || null, expires_at: end } });
  }
  return reading;
}
