/** Text of a role's scope, and the choices for it. */
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
  return `${scopes.one[grant.scope]} ${id}`;
}

export function grantText(grant: GrantView): string {
  return `${words.w.roles[grant.role]}, ${scopeText(grant)}`;
}

/** Choices to narrow a scope. */
export function choices(scope: Scope): Option[] {
  if (scope === "organiser") return desk.organisers.map((organiser) => ({ value: organiser.id, text: organiser.name }));
  if (scope === "event") {
    const coming = (desk.events ?? []).filter((entry) => entry.event.state !== "cancelled");
    return coming.map(({ event }) => ({ value: event.id, text: `${i18n.text(event.title) || words.w.home.untitled}, ${words.date(event.starts_at)}` }));
  }
  if (scope === "gate") return [...new Set(desk.venue?.gates.map((gate) => gate.group))].sort().map((group) => ({ value: group, text: group }));
  if (scope === "outlet") return (desk.venue?.outlets ?? []).map((outlet) => ({ value: outlet.code, text: outlet.code }));
  return [];
}

/** Scopes that make sense for a role. */
export function scopesOf(role: Role): Scope[] {
  if (role === "steward" || role === "supervisor") return ["gate", "event", "all"];
  if (role === "cashier" || role === "kitchen") return ["outlet", "event", "all"];
  if (role === "finance") return ["organiser", "event", "outlet", "all"];
  return ["organiser", "event", "all"];
}
