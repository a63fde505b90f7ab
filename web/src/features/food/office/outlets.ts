/** Outlets of the venue: names, and which ones the user's roles cover. */
import { desk } from "../../../shared/office/desk.svelte";
import type { Role } from "../../../shared/office/types";
import { food } from "./words.svelte";

export interface Outlet {
  code: string;
  stand: string;
  ring: number;
}

/** Outlet with its place: `07, West stand, level 1`. */
export function outletText(code: string): string {
  const spot = desk.venue?.outlets.find((outlet) => outlet.code === code);
  const stand = desk.venue?.stands.find((stand) => stand.code === spot?.stand);
  return spot ? food.w.outlet.text(code, stand?.name ?? spot.stand, spot.ring) : code;
}

/** Whether one of the roles covers an outlet. */
export function covers(code: string, ...roles: Role[]): boolean {
  return desk.grants.some(
    ({ role, scope, scope_id }) => (role === "admin" || roles.includes(role)) && (scope === "all" || (scope === "outlet" && scope_id === code)),
  );
}

/** The outlets that one of the roles covers, in the order of their codes. */
export function outletsOf(...roles: Role[]): Outlet[] {
  const covered = (desk.venue?.outlets ?? []).filter((outlet) => covers(outlet.code, ...roles));
  return [...covered].sort((a, b) => a.code.localeCompare(b.code, undefined, { numeric: true }));
}

/** Outlets as a list to choose from. */
export function outletOptions(outlets: readonly Outlet[]): { value: string; text: string }[] {
  return outlets.map((outlet) => ({ value: outlet.code, text: outletText(outlet.code) }));
}

/** Short list of codes: the first ones, and how many more. */
export function outletsText(codes: readonly string[] | null | undefined, few = 6): string {
  if (!codes) return food.w.outlet.all;
  const sorted = [...codes].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const rest = sorted.length - few;
  return sorted.slice(0, few).join(", ") + (rest > 0 ? ` ${food.w.outlet.more(rest)}` : "");
}
