/** Gates that a device may be assigned to, and their names: codes of gates, or letters of whole groups. */
import { localCode } from "../../../shared/codes";
import { desk } from "../../../shared/office/desk.svelte";

export interface Group {
  /** The group with the prefix of its venue, as devices and roles name it. */
  letter: string;
  /** Whether the user may choose the whole group. */
  whole: boolean;
  /** Gates of the group that the user may choose. */
  codes: string[];
  /** Code of the venue. */
  venue: string;
}

/** Whether the user supervises a gate: by its code, its group, its venue, or for all gates. */
export function supervises(code: string, group: string): boolean {
  const venue = desk.posts.find(({ gates }) => gates.some((gate) => gate.code === code || gate.group === group))?.code;
  return desk.grants.some(
    ({ role, scope, scope_id }) =>
      (role === "supervisor" || role === "admin") &&
      (scope === "all" || (scope === "venue" && scope_id === venue) || (scope === "gate" && (scope_id === code || scope_id === group))),
  );
}

/** Whether the user supervises the whole venue of these gates. */
export function supervisesVenue(gates: readonly { code: string }[]): boolean {
  const venue = desk.posts.find((posts) => posts.gates.some(({ code }) => code === gates[0]?.code));
  return desk.grants.some(({ role, scope, scope_id }) => (role === "supervisor" || role === "admin") && scope === "venue" && scope_id === venue?.code);
}

/** Gate groups that the user supervises at the selected venue, by venue and in order; with `every`, all groups. */
export function groups(every = false): Group[] {
  const found = new Map<string, Group>();
  for (const venue of desk.posts) {
    for (const gate of venue.gates) {
      if (!every && !(desk.shows(venue.code) && supervises(gate.code, gate.group))) continue;
      const known = found.get(gate.group) ?? { letter: gate.group, whole: every || supervises(gate.group, gate.group), codes: [], venue: venue.code };
      known.codes.push(gate.code);
      found.set(gate.group, known);
    }
  }
  return [...found.values()].sort((a, b) => a.letter.localeCompare(b.letter));
}

/** Codes in natural order: A, A2, A10. */
export function inOrder(gates: readonly string[]): string[] {
  return [...gates].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}

/** Codes of gates; a complete group is replaced by its letter. */
export function shortened(codes: readonly string[]): string[] {
  const whole = groups(true).filter((group) => group.codes.every((code) => codes.includes(code)));
  const within = new Set(whole.flatMap((group) => group.codes));
  return [...whole.map((group) => group.letter), ...codes.filter((code) => !within.has(code))];
}

/** Gates of codes and group letters. */
export function spelledOut(chosen: readonly string[]): string[] {
  const codes = new Map(groups(true).map((group) => [group.letter, group.codes]));
  return [...new Set(chosen.flatMap((value) => codes.get(value) ?? [value]))];
}

/** Short text of a device's gates or outlets; with the name of the venue where there are several. */
export function gatesText(gates: readonly string[]): string {
  const first = gates[0];
  const codes = inOrder(gates).map(localCode).join(", ");
  if (desk.posts.length < 2 || first === undefined) return codes;
  const venue = desk.posts.find((posts) => posts.outlets.includes(first) || posts.gates.some(({ code, group }) => code === first || group === first));
  return venue ? `${venue.name}: ${codes}` : codes;
}
