/** What the roles of an account let somebody do at the gates of an event. */

interface Granted {
  role: string;
  scope: string;
  scope_id: string | null;
}

export interface GateRole {
  supervisor: boolean;
  /** Gates and gate groups, null for all. */
  posts: string[] | null;
}

const ROLES = ["steward", "supervisor", "admin"];

/** Null where no role reaches the gates. One for an organiser is taken: whether the event is theirs, the server knows. */
export function roleAtGates(grants: readonly Granted[], eventId: string): GateRole | null {
  const held = grants.filter(({ role, scope, scope_id }) => ROLES.includes(role) && (scope !== "event" || scope_id === eventId) && scope !== "outlet");
  if (held.length === 0) return null;
  const posts = held.every(({ scope }) => scope === "gate") ? held.map(({ scope_id }) => scope_id ?? "") : null;
  return { supervisor: held.some(({ role }) => role !== "steward"), posts };
}
