/** Which gates a device may be put at, and how they are named: codes of gates, or letters of whole groups. */
import { desk } from "../../../shared/office/desk.svelte";

export interface Group {
  letter: string;
  /** Whether the whole group may be chosen by who sits at the desk. */
  whole: boolean;
  /** Its gates that may be chosen. */
  codes: string[];
}

/** Whether who sits at the desk supervises a gate, by itself, by its group, or with all others. */
export function supervises(code: string, group: string): boolean {
  return desk.grants.some(
    ({ role, scope, scope_id }) =>
      (role === "supervisor" || role === "admin") && (scope === "all" || (scope === "gate" && (scope_id === code || scope_id === group))),
  );
}

/** The ground's groups in order, as far as who sits at the desk supervises them; with `every`, all of them. */
export function groups(every = false): Group[] {
  const found = new Map<string, Group>();
  for (const gate of desk.venue?.gates ?? []) {
    if (!every && !supervises(gate.code, gate.group)) continue;
    const known = found.get(gate.group) ?? { letter: gate.group, whole: every || supervises(gate.group, gate.group), codes: [] };
    known.codes.push(gate.code);
    found.set(gate.group, known);
  }
  return [...found.values()].sort((one, other) => one.letter.localeCompare(other.letter));
}

/** Codes in the order in which people look for them: A, A2, A10. */
export function inOrder(gates: readonly string[]): string[] {
  return [...gates].sort((one, other) => one.localeCompare(other, undefined, { numeric: true }));
}

/** Codes with the letter of each group whose gates are all there in their place. */
export function shortened(codes: readonly string[]): string[] {
  const whole = groups(true).filter((group) => group.codes.every((code) => codes.includes(code)));
  const within = new Set(whole.flatMap((group) => group.codes));
  return [...whole.map((group) => group.letter), ...codes.filter((code) => !within.has(code))];
}

/** The gates that codes and letters of groups mean. */
export function spelledOut(chosen: readonly string[]): string[] {
  const codes = new Map(groups(true).map((group) => [group.letter, group.codes]));
  return [...new Set(chosen.flatMap((one) => codes.get(one) ?? [one]))];
}

/** Where a device works, in few words. */
export function gatesText(gates: readonly string[]): string {
  return inOrder(gates).join(", ");
}
