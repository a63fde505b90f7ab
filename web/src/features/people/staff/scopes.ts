/** Text of a role's scope, and the choices for it. */
import { localCode } from "../../../shared/codes";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { desk } from "../../../shared/office/desk.svelte";
import type { GrantView, Role, Scope } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";

export interface Option {
  value: string;
  text: string;
}

export function scopeText(grant: { scope: Scope; scope_id: string | null }): string {
  const { scopes } = words.w;
  const id = grant.scope_id ?? "";
  if (grant.scope === "all") return scopes.all;
  if (grant.scope === "organiser") return desk.organiserOf(id) || scopes.one.organiser;
  if (grant.scope === "event") return desk.titleOf(id) || scopes.one.event;
  if (grant.scope === "venue") return desk.venueOf(id);
  return `${scopes.one[grant.scope]} ${postText(id)}`;
}

/** A gate group or an outlet; with the name of the venue where there are several. */
function postText(code: string): string {
  const venue = desk.posts.find((posts) => posts.outlets.includes(code) || posts.gates.some((gate) => gate.group === code || gate.code === code));
  return desk.posts.length > 1 && venue ? `${localCode(code)}, ${venue.name}` : localCode(code);
}

export function grantText(grant: GrantView): string {
  return `${words.w.roles[grant.role]}, ${scopeText(grant)}`;
}

/** Choices to narrow a scope. */
export function choices(scope: Scope): Option[] {
  if (scope === "organiser") return desk.organisers.map((organiser) => ({ value: organiser.id, text: organiser.name }));
  if (scope === "event") {
    const coming = (desk.events ?? []).filter((entry) => entry.event.state !== "cancelled");
    return coming.map(({ event }) => ({ value: event.id, text: `${i18n.text(event.title) || words.w.home.untitled}, ${words.date(event.starts_at, event.time_zone)}` }));
  }
  if (scope === "venue") return desk.posts.map((venue) => ({ value: venue.code, text: venue.name }));
  if (scope === "gate") {
    return desk.posts.flatMap((venue) => [...new Set(venue.gates.map((gate) => gate.group))].sort().map((group) => ({ value: group, text: postText(group) })));
  }
  if (scope === "outlet") return desk.posts.flatMap((venue) => venue.outlets.map((outlet) => ({ value: outlet, text: postText(outlet) })));
  return [];
}

/** Scopes that make sense for a role. */
export function scopesOf(role: Role): Scope[] {
  if (role === "steward" || role === "supervisor") return ["gate", "event", "venue", "all"];
  if (role === "cashier" || role === "kitchen") return ["outlet", "event", "venue", "all"];
  if (role === "finance") return ["organiser", "event", "outlet", "venue", "all"];
  return ["organiser", "event", "venue", "all"];
}
