/** Import of bans: one `name; e-mail; last day` per line; either name or e-mail may be empty. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { ADDRESS } from "../../../shared/ui/address";
import { dayOf, readLines, type Line, type Meaning, type Reading } from "../../../shared/office/lists/lines";
import { plain } from "../../../shared/office/lists/plain";
import type { Ban, BanRequest } from "../../../shared/office/types";
import { fromWall } from "../../../shared/office/wall";
import { words } from "../../../shared/office/words.svelte";

const YEARS_MAX = 10;

/** The end of a day in the deployment's time zone; null for an invalid day. */
export const endOf = (day: string | null): string | null => (day ? fromWall(`${day}T23:59`, i18n.zone) : null);

/** Whether a ban may end then: in the future, but not too far. */
export const isEnd = (instant: string, now: number): boolean =>
  Date.parse(instant) > now && Date.parse(instant) <= now + 366 * YEARS_MAX * 86_400_000;

const keyOf = (name: string | null | undefined, email: string | null | undefined, end: string): string =>
  [plain(name ?? ""), plain(email ?? ""), new Date(end).getTime()].join("\n");

/** Parse lines; known bans are not added again. */
export function readEntries(lines: Line[], known: readonly Ban[], now: number, idOf: (key: string) => string): Reading<BanRequest> {
  const w = words.w.bans;
  const knownKeys = new Set(known.map((ban) => keyOf(ban.name, ban.email, ban.expires_at)));

  function meaning([name = "", email = "", day = "", ...rest]: string[]): Meaning<BanRequest> {
    const end = endOf(dayOf(day));
    const wrong: string[] = [];
    if (!name && !email) wrong.push(w.personMissing);
    if (email && !ADDRESS.test(email)) wrong.push(w.emailWrong(email));
    if (!end) wrong.push(day ? w.dayWrong(day) : w.dayMissing);
    else if (!isEnd(end, now)) wrong.push(w.dayOutOfRange);
    if (rest.some(Boolean)) wrong.push(w.tooManyCells);
    return { wrong, key: keyOf(name, email, end ?? ""), item: (id) => ({ id, name: name || null, email: email || null, expires_at: end! }) };
  }
  return readLines(lines, knownKeys, meaning, w.twice, idOf);
}
