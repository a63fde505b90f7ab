/** A radio call as one typed line: kind, place and priority in any order after the kind, and the rest is the text. */
import type { components } from "../../../shared/api/schema";
import type { Geometry } from "../../../shared/api/words";

type Schemas = components["schemas"];
export type IncidentKind = Schemas["IncidentKind"];
export type IncidentPlace = NonNullable<Schemas["IncidentView"]["place"]>;
export interface Call {
  kind: IncidentKind;
  priority: number;
  place: IncidentPlace | null;
  text: string | null;
}

const KIND_LETTERS_MIN = 3;
/** The priority of a call that names none. */
export const USUAL_PRIORITY: Record<IncidentKind, number> = {
  medical: 1,
  lost_child: 1,
  fire: 1,
  fight: 1,
  threat: 1,
  suspicious_item: 1,
  crowd: 1,
  lift: 2,
  abuse: 2,
  assistance: 2,
  flag: 3,
  other: 3,
};

const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** The kind whose name in the screen's language begins with these letters; null if none or several do. */
function kindOf(token: string, kinds: Readonly<Record<IncidentKind, string>>): IncidentKind | null {
  const start = plain(token);
  if (start.length < KIND_LETTERS_MIN) return null;
  const named = Object.entries(kinds) as [IncidentKind, string][];
  const found = named.filter(([, name]) => plain(name).startsWith(start));
  return found.length === 1 ? found[0]![0] : null;
}

/** The place that a word names: a zone of the venue by its code, or block-row-seat. `zones` are codes by their lower case. */
export function placeOf(token: string, zones: ReadonlyMap<string, string>): IncidentPlace | null {
  const zone = zones.get(token.toLowerCase());
  if (zone !== undefined) return { by: "zone", zone };
  const [block, row, seat, ...more] = token.split("-");
  const known = block && row && seat && more.length === 0 ? zones.get(block.toLowerCase()) : undefined;
  return known === undefined ? null : { by: "seat", block: known, row: row!, seat: seat! };
}

/** Codes of the zones that a place may name, by their lower case. */
export function zonesOf(venue: Geometry): Map<string, string> {
  const groups = [venue.stands, venue.blocks, venue.areas, venue.gates, venue.outlets, venue.amenities];
  return new Map(groups.flatMap((group) => group.map(({ code }) => [code.toLowerCase(), code] as const)));
}

/** The call that a line means; null for an empty line. The first place and priority count, later ones are text. */
export function parseCall(line: string, kinds: Readonly<Record<IncidentKind, string>>, zones: ReadonlyMap<string, string>): Call | null {
  const tokens = line.trim().split(/\s+/u).filter(Boolean);
  if (tokens.length === 0) return null;
  const found = kindOf(tokens[0]!, kinds);
  let priority: number | null = null;
  let place: IncidentPlace | null = null;
  const text: string[] = [];
  for (const token of found ? tokens.slice(1) : tokens) {
    const urgency = /^p([123])$/iu.exec(token);
    const at: IncidentPlace | null = place === null ? placeOf(token, zones) : null;
    if (urgency && priority === null) priority = Number(urgency[1]);
    else if (at) place = at;
    else text.push(token);
  }
  const kind = found ?? "other";
  return { kind, priority: priority ?? USUAL_PRIORITY[kind], place, text: text.join(" ") || null };
}
