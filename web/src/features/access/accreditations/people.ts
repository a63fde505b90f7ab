/** Import of accreditations: one `name; kind; e-mail` per line. */
import { ADDRESS } from "../../../shared/ui/address";
import { readLines, type Line, type Meaning, type Reading } from "../../../shared/office/lists/lines";
import { plain } from "../../../shared/office/lists/plain";
import { meanings } from "../../../shared/office/lists/meanings";
import type { Accreditation, AccreditationEntry, AccreditationKind } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";

export const NAME_MAX = 100;
const KIND_WORDS = meanings(({ kinds }) => kinds);

/** The kind that a cell names, in any language. */
export const kindOf = (cell: string): AccreditationKind | undefined => KIND_WORDS.get(plain(cell));

const keyOf = (name: string, kind: string, email: string | null | undefined): string =>
  [plain(name), kind, plain(email ?? "")].join("\n");

/** Parse lines; known accreditations are not added again. */
export function readPeople(lines: Line[], known: readonly Accreditation[], idOf: (key: string) => string): Reading<AccreditationEntry> {
  const w = words.w.accreditations;
  const knownKeys = new Set(known.filter(({ revoked_at }) => !revoked_at).map(({ name, kind, email }) => keyOf(name ?? "", kind, email)));

  function meaning([name = "", kindCell = "", email = "", ...rest]: string[]): Meaning<AccreditationEntry> {
    const kind = kindOf(kindCell);
    const wrong: string[] = [];
    if (!name) wrong.push(w.nameMissing);
    if (name.length > NAME_MAX) wrong.push(w.nameLong);
    if (!kind) wrong.push(w.kindUnknown(kindCell));
    if (email && !ADDRESS.test(email)) wrong.push(w.emailWrong(email));
    if (rest.some(Boolean)) wrong.push(w.tooManyCells);
    return { wrong, key: keyOf(name, kind ?? "", email), item: (id) => ({ id, kind: kind!, name, email: email || null }) };
  }
  return readLines(lines, knownKeys, meaning, w.twice, idOf);
}
