/** The operator of the desk, their permissions, and the matches. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { EventListing, EventSummary } from "../../../shared/api/words";
import { router } from "../../../shared/runtime/router.svelte";
import { StaffMember } from "../../../shared/staffMember.svelte";

class Operator extends StaffMember {
  matches = $state.raw<EventSummary[]>([]);
  /** The match, stored in the address so that a reload keeps it. */
  readonly event = $derived(router.query.get("event") ?? (this.matches.length === 1 ? this.matches[0]!.id : null));
  readonly publishes = $derived(this.holds("match_desk"));
  readonly marks = $derived(this.holds("media_desk"));
  readonly releases = $derived(this.holds("moderator"));
  readonly describes = $derived(this.holds("describer"));
  readonly sees = $derived(this.marks || this.releases);
  readonly may = $derived(this.publishes || this.sees);

  protected async prepare(): Promise<void> {
    if (!this.may) return;
    const board = await answered<EventListing>(api.GET("/api/events"));
    if (board.ok) this.matches = board.data.events.filter(({ kind }) => kind === "match");
  }
}

export const operator = new Operator();
