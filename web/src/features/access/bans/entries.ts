/** A list of entries: `name; e-mail; last day` a line, of which a name or an address may be missing. */
import { ADDRESS } from "../../../shared/ui/address";
import { dayOf, plain, readLines, type Line, type Meaning, type Reading } from "../../../shared/office/lists/lines";
import type { Ban, BanRequest } from "../../../shared/office/types";
import { fromWall } from "../../../shared/office/wall";
import { words } from "../../../shared/office/words.svelte";

const YEARS_MAX = 10;

/** The end of a day at the ground; null for what is no day. */
export const endOf = (day: string | null): string | null => (day ? fromWall(`${day}T23:59`) : null);

/** Whether an entry may end then: it lies ahead, and not too far. */
export const isEnd = (instant: string, now: number): boolean =>
  Date.parse(instant) > now && Date.parse(instant) <= now + 366 * YEARS_MAX * 86_400_000;

const keyOf = (name: string | null | undefined, email: string | null | undefined, end: string): string =>
  [plain(name ?? ""), plain(email ?? ""), new Date(end).getTime()].join("\n");

/** What lines say; an entry that the file has already is not added again. */
export function readEntries(lines: Line[], known: readonly Ban[], now: number, idOf: (key: string) => string): Reading<BanRequest> {
  const w = words.w.bans;
  const there = new Set(known.map((one) => keyOf(one.name, one.email, one.expires_at)));

  function meaning([name = "", email = "", day = "", ...rest]: string[]): Meaning<BanRequest> {
    const end = endOf(dayOf(day));
    const wrong: string[] = [];
    if (!name && !email) wrong.push(w.whoMissing);
    if (email && !ADDRESS.test(email)) wrong.push(w.emailWrong(email));
    if (!end) wrong.push(day ? w.dayWrong(day) : w.dayMissing);
    else if (!isEnd(end, now)) wrong.push(w.dayOut);
    if (rest.some(Boolean)) wrong.push(w.tooManyCells);
    return { wrong, key: keyOf(name, email, end ?? ""), item: (id) => ({ id, name: name || null, email: email || null, expires_at: end! }) };
  }
  return readLines(lines, there, meaning, w.twice, idOf);
}
