/** The signed-in staff member and their outlets. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { EventListing, EventSummary, Geometry, Me } from "../../../shared/api/words";
import { byCode, prefixOf } from "../../../shared/codes";
import { clock } from "../../../shared/runtime/clock.svelte";
import { storage } from "../../../shared/runtime/storage";
import { session } from "../../../shared/session.svelte";
import { currentVenues } from "../../../shared/venues";
import { eventsAround } from "../../safety/broadcasts/around";

const ROLES: readonly string[] = ["kitchen", "cashier", "finance", "admin"];
const ANSWERS: readonly string[] = ["cashier", "finance", "admin"];
const KEY = "kitchen.outlet";

class Crew {
  me = $state.raw<Me | null>(null);
  /** The venues of the deployment, the first one first. */
  venues = $state.raw<readonly Geometry[]>([]);
  problem = $state.raw<Problem | null>(null);
  /** Outlet of this screen. */
  outlet = $state<string | null>(storage.read<string>(KEY));
  readonly #grants = $derived((this.me?.grants ?? []).filter(({ role, scope }) => ROLES.includes(role) && (scope === "all" || scope === "venue" || scope === "outlet")));
  readonly everywhere = $derived(this.#grants.some(({ scope }) => scope === "all"));
  /** Codes of the outlets the staff member may work at. */
  readonly outlets = $derived(
    this.everywhere
      ? this.venues.flatMap(({ outlets }) => outlets.map(({ code }) => code))
      : [...new Set(this.#grants.flatMap((grant) => this.#covered(grant)))].sort(byCode),
  );
  /** Whether the messages of the control room to the outlets are for the staff member. */
  readonly receivesMessages = $derived(this.#grants.some(({ role }) => role !== "finance"));
  #listed = $state.raw<readonly EventSummary[]>([]);
  /** The events around now at the venue of the outlet. */
  readonly events = $derived(
    eventsAround(
      this.#listed.filter(({ venue_code }) => venue_code === this.#venueOf(this.outlet ?? "")?.code),
      clock.tick,
    ).map(({ id }) => id),
  );
  readonly signedIn = $derived(this.me?.kind === "staff" || this.me?.kind === "fan");

  /** The outlets of a grant for an outlet or a venue. */
  #covered({ scope, scope_id }: Me["grants"][number]): string[] {
    if (scope !== "venue") return scope_id ? [scope_id] : [];
    return this.venues.filter(({ code }) => code === scope_id).flatMap(({ outlets }) => outlets.map(({ code }) => code));
  }

  async arrive(): Promise<void> {
    const answer = await answered<Me>(api.GET("/api/me"));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.me = answer.data;
    if (this.signedIn) session.enter(answer.data);
    if (this.#grants.length && !this.venues.length) this.venues = await currentVenues();
    if (this.outlet && !this.everywhere && !this.outlets.includes(this.outlet)) this.stand(null);
    if (!this.outlet && this.outlets.length === 1) this.stand(this.outlets[0]!);
    if (!this.receivesMessages) return;
    const listing = await answered<EventListing>(api.GET("/api/events"));
    if (listing.ok) this.#listed = listing.data.events;
  }

  stand(outlet: string | null): void {
    this.outlet = outlet;
    storage.write(KEY, outlet);
  }

  /** Whether the staff member may hand over without a code at an outlet. */
  answersAt(outlet: string): boolean {
    return this.#grants.some((grant) => ANSWERS.includes(grant.role) && (grant.scope === "all" || this.#covered(grant).includes(outlet)));
  }

  standOf(code: string): string {
    const venue = this.#venueOf(code);
    const stand = venue?.outlets.find((outlet) => outlet.code === code)?.stand;
    return venue?.stands.find(({ code }) => code === stand)?.name ?? "";
  }

  /** Name of an outlet's venue; the prefix of its code for an unknown one. */
  venueName(code: string): string {
    return this.#venueOf(code)?.name ?? prefixOf(code).slice(0, -1);
  }

  #venueOf(code: string): Geometry | undefined {
    return this.venues.find(({ outlets }) => outlets.some((outlet) => prefixOf(outlet.code) === prefixOf(code)));
  }

  async leave(): Promise<void> {
    await session.signOut();
    this.me = null;
    await this.arrive();
  }
}

export const crew = new Crew();
