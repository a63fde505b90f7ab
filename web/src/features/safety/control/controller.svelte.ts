/** The controller of the screen, and the events that they may choose from. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { EventListing, EventSummary } from "../../../shared/api/words";
import { router } from "../../../shared/runtime/router.svelte";
import { StaffMember } from "../../../shared/staffMember.svelte";

class Controller extends StaffMember {
  events = $state.raw<EventSummary[]>([]);
  /** The event's id, stored in the address so that a reload keeps it. */
  readonly event = $derived(router.query.get("event") ?? (this.events.length === 1 ? this.events[0]!.id : null));
  readonly may = $derived(this.holds("controller"));

  protected async prepare(): Promise<void> {
    if (!this.may) return;
    const listing = await answered<EventListing>(api.GET("/api/events"));
    if (listing.ok) this.events = listing.data.events;
    else this.problem = listing.problem;
  }
}

export const controller = new Controller();
