/** The controller of the screen, and the events that they may choose from. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { EventListing, EventSummary, Me } from "../../../shared/api/words";
import { router } from "../../../shared/runtime/router.svelte";
import { storage } from "../../../shared/runtime/storage";
import { StaffMember } from "../../../shared/staffMember.svelte";
import { STORED as STORED_ALERTS } from "./alerts/alerts.svelte";
import { STORED } from "./picture/picture.svelte";

/** The controller and the events of the last visit, for the last picture without network. */
interface Visit {
  me: Me;
  events: EventSummary[];
}
const VISIT = "control.visit";

class Controller extends StaffMember {
  events = $state.raw<EventSummary[]>([]);
  /** The event's id, stored in the address so that a reload keeps it. */
  readonly event = $derived(router.query.get("event") ?? (this.events.length === 1 ? this.events[0]!.id : null));
  readonly may = $derived(this.holds("controller"));

  override async arrive(): Promise<void> {
    await super.arrive();
    const visit = this.problem?.status === 0 ? storage.read<Visit>(VISIT) : null;
    if (!visit) return;
    this.problem = null;
    this.me = visit.me;
    this.events = visit.events;
  }

  protected async prepare(): Promise<void> {
    if (!this.may) {
      storage.write(VISIT, null);
      storage.write(STORED, null);
      storage.write(STORED_ALERTS, null);
      return;
    }
    const listing = await answered<EventListing>(api.GET("/api/events"));
    if (!listing.ok) {
      this.problem = listing.problem;
      return;
    }
    this.events = listing.data.events;
    storage.write(VISIT, { me: this.me, events: this.events });
  }
}

export const controller = new Controller();
