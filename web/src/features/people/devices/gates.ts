/** Gates that a device may be assigned to, and their names: codes of gates, or letters of whole groups. */
import { desk } from "../../../shared/office/desk.svelte";

export interface Group {
  letter: string;
  /** Whether the user may choose the whole group. */
  whole: boolean;
  /** Gates of the group that the user may choose. */
  codes: string[];
}

/** Whether the user supervises a gate: by its code, its group, or for all gates. */
export function supervises(code: string, group: string): boolean {
  return desk.grants.some(
    ({ role, scope, scope_id }) =>
      (role === "supervisor" || role === "admin") && (scope === "all" || (scope === "gate" && (scope_id === code || scope_id === group))),
  );
}

/** Gate groups of the venue that the user supervises, in order; with `every`, all groups. */
export function groups(every = false): Group[] {
  const found = new Map<string, Group>();
  for (const gate of desk.venue?.gates ?? []) {
    if (!every && !supervises(gate.code, gate.group)) continue;
    const known = found.get(gate.group) ?? { letter: gate.group, whole: every || supervises(gate.group, gate.group), codes: [] };
    known.codes.push(gate.code);
    found.set(gate.group, known);
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

/** Short text of a device's gates or outlets. */
export function gatesText(gates: readonly string[]): string {
  return inOrder(gates).join(", ");
}
