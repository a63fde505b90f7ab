/** The operator of the desk, their permissions, and the matches. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { EventListing, EventSummary, Me } from "../../../shared/api/words";
import { router } from "../../../shared/runtime/router.svelte";
import { session } from "../../../shared/session.svelte";

class Operator {
  me = $state.raw<Me | null>(null);
  matches = $state.raw<EventSummary[]>([]);
  problem = $state.raw<Problem | null>(null);
  /** The match, stored in the address so that a reload keeps it. */
  readonly event = $derived(router.query.get("event") ?? (this.matches.length === 1 ? this.matches[0]!.id : null));
  readonly signedIn = $derived(this.me?.kind === "staff" || this.me?.kind === "fan");
  readonly publishes = $derived(this.#holds("match_desk"));
  readonly marks = $derived(this.#holds("media_desk"));
  readonly releases = $derived(this.#holds("moderator"));
  readonly describes = $derived(this.#holds("describer"));
  readonly sees = $derived(this.marks || this.releases);
  readonly may = $derived(this.publishes || this.sees);

  #holds(required: string): boolean {
    return (this.me?.grants ?? []).some(({ role }) => role === required || role === "admin");
  }

  async arrive(): Promise<void> {
    const answer = await answered<Me>(api.GET("/api/me"));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.me = answer.data;
    if (this.signedIn) session.enter(answer.data);
    if (!this.may) return;
    const board = await answered<EventListing>(api.GET("/api/events"));
    if (board.ok) this.matches = board.data.events.filter(({ kind }) => kind === "match");
  }

  async leave(): Promise<void> {
    await session.signOut();
    this.me = null;
    await this.arrive();
  }
}

export const operator = new Operator();
