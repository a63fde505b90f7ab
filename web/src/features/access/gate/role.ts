/** Rights of an account at the gates of an event. */

interface Granted {
  role: string;
  scope: string;
  scope_id: string | null;
}

export interface GateRole {
  supervisor: boolean;
  /** Gates and gate groups; null for all. */
  posts: string[] | null;
}

const ROLES = ["steward", "supervisor", "admin"];

/** The role at the gates; null without one. A role for an organiser counts: the server checks that the event is theirs. */
export function roleAtGates(grants: readonly Granted[], event: { id: string; venue?: string }): GateRole | null {
  const isHere = ({ scope, scope_id }: Granted): boolean =>
    scope === "event" ? scope_id === event.id : scope === "venue" ? scope_id === event.venue : scope !== "outlet";
  const held = grants.filter((grant) => ROLES.includes(grant.role) && isHere(grant));
  if (held.length === 0) return null;
  const posts = held.every(({ scope }) => scope === "gate") ? held.map(({ scope_id }) => scope_id ?? "") : null;
  return { supervisor: held.some(({ role }) => role !== "steward"), posts };
}
