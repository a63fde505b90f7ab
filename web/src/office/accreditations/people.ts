/** A list of people to accredit: `name; kind; e-mail` a line. */
import { ADDRESS } from "../../people/address";
import { plain, type Defect, type Line, type Reading } from "../lists/lines";
import { KINDS, type Accreditation, type AccreditationEntry, type AccreditationKind } from "../types";
import { words } from "../words.svelte";

export const NAME_MAX = 100;
const HEADS = new Set(["name", "nom"]);
const OTHER_WORDS: Record<string, AccreditationKind> = {
  ...{ organisation: "staff", equipes: "players", equipe: "players", teams: "players", team: "players", joueurs: "players" },
  ...{ joueur: "players", player: "players", presse: "press", prestataire: "contractor", prestataires: "contractor" },
  ...{ contractors: "contractor" },
};

/** The kind that a cell means, in either language. */
export function kindOf(cell: string): AccreditationKind | undefined {
  const word = plain(cell);
  return KINDS.find((kind) => kind === word) ?? OTHER_WORDS[word];
}

const keyOf = (name: string, kind: string, email: string | null | undefined): string =>
  [plain(name), kind, plain(email ?? "")].join("\n");

/** What lines say; whoever is accredited like that already is not added again. */
export function readPeople(lines: Line[], known: readonly Accreditation[], idOf: (key: string) => string): Reading<AccreditationEntry> {
  const w = words.w.accreditations;
  const there = new Set(known.filter((one) => !one.revoked_at).map((one) => keyOf(one.name ?? "", one.kind, one.email)));
  const seen = new Map<string, number>();
  const reading: Reading<AccreditationEntry> = { items: [], defects: [], known: 0 };
  const body = HEADS.has(plain(lines[0]?.cells[0] ?? "")) ? lines.slice(1) : lines;
  for (const { number, cells } of body) {
    const [name = "", kindCell = "", email = "", ...rest] = cells;
    const kind = kindOf(kindCell);
    const wrong: Defect[] = [];
    const tell = (text: string): unknown => wrong.push({ line: number, text });
    if (!name) tell(w.nameMissing);
    if (name.length > NAME_MAX) tell(w.nameLong);
    if (!kind) tell(w.kindUnknown(kindCell));
    if (email && !ADDRESS.test(email)) tell(w.emailWrong(email));
    if (rest.some(Boolean)) tell(w.tooManyCells);
    const key = keyOf(name, kind ?? "", email);
    if (wrong.length === 0 && seen.has(key)) tell(w.twice(seen.get(key)!));
    seen.set(key, seen.get(key) ?? number);
    reading.defects.push(...wrong);
    if (wrong.length > 0 || !kind) continue;
    if (there.has(key)) reading.known += 1;
    else reading.items.push({ line: number, item: { id: idOf(key), kind, name, email: email || null } });
  }
  return reading;
}
