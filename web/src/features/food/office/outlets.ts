/** Outlets of the venues: names, and which ones the user's roles cover. */
import type { Geometry } from "../../../shared/api/words";
import { byCode, byVenue, localCode, prefixOf } from "../../../shared/codes";
import { desk } from "../../../shared/office/desk.svelte";
import type { Role } from "../../../shared/office/types";
import { food } from "./words.svelte";

export interface Outlet {
  code: string;
  stand: string;
  ring: number;
}
type Venue = Pick<Geometry, "name" | "outlets" | "stands">;
export interface Option {
  value: string;
  text: string;
  /** Name of the venue, if the options are of several venues. */
  group?: string;
}

/** The venues of the deployment, the first one first. */
export const venues = (): readonly Geometry[] => desk.venues;

/** All outlets, by venue. */
export const allOutlets = (): Outlet[] => venues().flatMap((venue) => venue.outlets);

/** Name of the venue of a code; the code's prefix for an unknown one. */
export function venueName(code: string, among: readonly Venue[] = venues()): string {
  const prefix = prefixOf(code);
  return among.find((venue) => venue.outlets.some((outlet) => prefixOf(outlet.code) === prefix))?.name ?? prefix.slice(0, -1);
}

/** Outlet with its place: `07, West stand, level 1`, and its venue if there are several. */
export function outletText(code: string, among: readonly Venue[] = venues()): string {
  const text = placeText(code, among);
  return among.length > 1 ? `${text}, ${venueName(code, among)}` : text;
}

function placeText(code: string, among: readonly Venue[]): string {
  const venue = among.find(({ outlets }) => outlets.some((outlet) => outlet.code === code));
  const outlet = venue?.outlets.find((outlet) => outlet.code === code);
  const stand = venue?.stands.find((stand) => stand.code === outlet?.stand);
  return outlet ? food.w.outlet.text(localCode(code), stand?.name ?? outlet.stand, outlet.ring) : localCode(code);
}

/** The local code, and the venue if there are several: `07`, or `07, Arena`. */
export const outletCode = (code: string, among: readonly Venue[] = venues()): string => (among.length > 1 ? `${localCode(code)}, ${venueName(code, among)}` : localCode(code));

/** Short name: `Outlet 07`, and its venue if there are several. */
export const outletName = (code: string, among: readonly Venue[] = venues()): string => food.w.outlet.name(outletCode(code, among));

/** Whether one of the roles covers an outlet. */
export function covers(code: string, ...roles: Role[]): boolean {
  return desk.grants.some(
    ({ role, scope, scope_id }) =>
      (role === "admin" || roles.includes(role)) &&
      (scope === "all" ||
        (scope === "outlet" && scope_id === code) ||
        (scope === "venue" && desk.venues.some((venue) => venue.code === scope_id && venue.outlets.some((outlet) => outlet.code === code)))),
  );
}

/** The outlets of the selected venue that one of the roles covers, in the order of their codes. */
export function outletsOf(...roles: Role[]): Outlet[] {
  return allOutlets().filter((outlet) => desk.showsPost(outlet.code) && covers(outlet.code, ...roles)).sort((a, b) => byCode(a.code, b.code));
}

/** Outlets as a list to choose from, grouped by venue if they are of several. */
export function outletOptions(outlets: readonly Outlet[], among: readonly Venue[] = venues()): Option[] {
  const groups = byVenue(outlets, ({ code }) => code);
  return groups.flatMap(({ items }) =>
    items.map(({ code }) => ({ value: code, text: placeText(code, among), ...(groups.length > 1 ? { group: venueName(code, among) } : {}) })),
  );
}

/** Short list of codes by venue: the first ones, and how many more. */
export function outletsText(codes: readonly string[] | null | undefined, few = 6, among: readonly Venue[] = venues()): string {
  if (!codes) return food.w.outlet.all;
  const shown = byVenue([...codes].sort(byCode).slice(0, few), String);
  const text = shown
    .map(({ items }) => (among.length > 1 ? `${venueName(items[0]!, among)} ${items.map(localCode).join(", ")}` : items.map(localCode).join(", ")))
    .join("; ");
  return text + (codes.length > few ? ` ${food.w.outlet.more(codes.length - few)}` : "");
}
