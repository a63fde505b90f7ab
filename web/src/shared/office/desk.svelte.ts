/** The signed-in staff with their roles, and the lists of names that office screens share. */
import { answered, type Answer, type Problem } from "../api/answer";
import { api } from "../api/client";
import type { Geometry, Me } from "../api/words";
import { prefixOf } from "../codes";
import { i18n } from "../i18n/i18n.svelte";
import { storage } from "../runtime/storage";
import { session } from "../session.svelte";
import { currentVenues } from "../venues";
import { SELLERS, type GrantView, type OfficeEvent, type Organiser, type Role, type Series, type VenuePosts, type VenueSummary } from "./types";

/** Key of the selected venue in the browser's storage. */
const SELECTED = "office.venue";

class Desk {
  me = $state.raw<Me | null>(null);
  problem = $state.raw<Problem | null>(null);
  events = $state.raw<OfficeEvent[] | null>(null);
  organisers = $state.raw<Organiser[]>([]);
  series = $state.raw<Series[]>([]);
  /** The current version of each venue in short, as new as the events. */
  currentVersions = $state.raw<VenueSummary[]>([]);
  /** Every venue in its current version, the first venue first. */
  venues = $state.raw<Geometry[]>([]);
  /** Gates and outlets of every venue, the first venue of the deployment first. */
  posts = $state.raw<VenuePosts[]>([]);
  #selected = $state(storage.read<string>(SELECTED) ?? "");
  readonly #kept: OfficeEvent[] = [];
  readonly grants = $derived<readonly GrantView[]>(this.me?.grants ?? []);
  readonly signedIn = $derived(this.me?.kind === "staff" || this.me?.kind === "fan");

  /** Load the account once; again after a sign-in or a new role. */
  async arrive(again = false): Promise<void> {
    if (this.me && !again && this.me.id === (session.me?.id ?? null)) return;
    const answer = await answered<Me>(api.GET("/api/me"));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.me = answer.data;
    if (this.signedIn) session.enter(answer.data);
  }

  /** The venues that the roles reach. Those for everything, an organiser or an event reach all. */
  readonly reached = $derived(
    this.currentVersions.filter(({ code, prefix }) =>
      this.grants.some(({ scope, scope_id }) => {
        if (scope === "venue") return scope_id === code;
        return scope === "gate" || scope === "outlet" ? prefixOf(scope_id ?? "") === prefix : true;
      }),
    ),
  );
  /** The venue to which the lists are limited; undefined for all. */
  readonly venue = $derived(this.reached.length > 1 ? this.reached.find(({ code }) => code === this.#selected) : undefined);

  /** Limit the lists to a venue; with an empty code, show all. This browser keeps the choice. */
  select(code: string): void {
    this.#selected = code;
    storage.write(SELECTED, code);
  }

  /** Whether the lists show things of this venue. */
  shows(code: string): boolean {
    return !this.venue || this.venue.code === code;
  }

  /** Whether the lists show a gate, a group of gates, an outlet or a lift. */
  showsPost(code: string): boolean {
    return !this.venue || this.venue.prefix === prefixOf(code);
  }

  /** The time zone of a gate or an outlet: that of its venue. */
  zoneOf(code: string): string {
    return this.currentVersions.find(({ prefix }) => prefix === prefixOf(code))?.time_zone ?? i18n.zone;
  }

  /** The time zone of an event: that of its venue. */
  zoneOfEvent(id: string): string {
    return this.find(id)?.event.time_zone ?? i18n.zone;
  }

  /** Load the current versions, once, for the menu; the events bring newer ones. */
  async loadVersions(): Promise<void> {
    if (this.currentVersions.length > 0) return;
    const answer = await answered<VenueSummary[]>(api.GET("/api/venues"));
    if (answer.ok) this.currentVersions = answer.data;
  }

  /** Whether any of the roles is held, in any scope. */
  can(...roles: Role[]): boolean {
    return this.grants.some((grant) => grant.role === "admin" || roles.includes(grant.role));
  }

  /** Whether a role is held with the scope "everything". */
  overAll(role: Role): boolean {
    return this.grants.some((grant) => grant.scope === "all" && (grant.role === role || grant.role === "admin"));
  }

  /** Whether the account has the role over an organiser. */
  overOrganiser(id: string, role: Role): boolean {
    return this.grants.some((grant) => (grant.role === role || grant.role === "admin") && (grant.scope === "all" || (grant.scope === "organiser" && grant.scope_id === id)));
  }

  /** Whether a role is held for this event. */
  over(event: Pick<OfficeEvent["event"], "id" | "organiser_id" | "venue_code">, role: Role): boolean {
    return this.grants.some(
      (grant) =>
        (grant.role === role || grant.role === "admin") &&
        (grant.scope === "all" ||
          (grant.scope === "event" && grant.scope_id === event.id) ||
          (grant.scope === "venue" && grant.scope_id === event.venue_code) ||
          (grant.scope === "organiser" && grant.scope_id === event.organiser_id)),
    );
  }

  /** Whether this person works with events: sales, or all gates. */
  get hasEvents(): boolean {
    return this.can(...SELLERS) || this.grants.some(({ role, scope }) => role === "supervisor" && scope !== "gate");
  }

  /** Organisers for which the user may create events. */
  get mine(): Organiser[] {
    const held = new Set(this.grants.filter((grant) => grant.scope === "organiser").map((grant) => grant.scope_id));
    return this.overAll("programme") ? this.organisers : this.organisers.filter((organiser) => held.has(organiser.id));
  }

  /** Whether the user may create events: an event has an organiser, and a role for a venue reaches none. */
  get createsEvents(): boolean {
    return this.grants.some(({ role, scope }) => (role === "programme" || role === "admin") && (scope === "all" || scope === "organiser"));
  }

  /** Venues at which the user may create events: only a role that is held for venues alone is limited to them. */
  get myVenues(): VenueSummary[] {
    const grants = this.grants.filter(({ role }) => role === "programme" || role === "admin");
    if (grants.some(({ scope }) => scope !== "venue")) return this.currentVersions;
    return this.currentVersions.filter((venue) => grants.some((grant) => grant.scope_id === venue.code));
  }

  /** Whether the deployment has several venues, so that lists of events name them. */
  get severalVenues(): boolean {
    return this.currentVersions.length > 1;
  }

  async loadEvents(): Promise<Answer<OfficeEvent[]>> {
    const mark = this.#kept.length;
    const sells = this.can(...SELLERS); // a supervisor may read events, but neither organisers nor series
    const [events, venues, organisers, series] = await Promise.all([
      answered<OfficeEvent[]>(api.GET("/api/office/events")),
      answered<VenueSummary[]>(api.GET("/api/venues")),
      sells ? answered<Organiser[]>(api.GET("/api/office/organisers")) : null,
      sells ? answered<Series[]>(api.GET("/api/office/series")) : null,
    ]);
    if (events.ok) {
      // Changes made while the list was loading are newer than the list.
      const newer = new Map(this.#kept.slice(mark).map((entry) => [entry.event.id, entry]));
      this.events = [...events.data.filter((entry) => !newer.has(entry.event.id)), ...newer.values()];
    }
    if (venues.ok) this.currentVersions = venues.data;
    if (organisers?.ok) this.organisers = organisers.data;
    if (series?.ok) this.series = series.data;
    return this.#heed(events);
  }

  /** Load the venues, once; return whether there is one. */
  async loadVenues(): Promise<boolean> {
    if (this.venues.length === 0) this.venues = await currentVenues();
    return this.venues.length > 0;
  }

  async loadPosts(): Promise<Answer<VenuePosts[]>> {
    const answer = await answered<VenuePosts[]>(api.GET("/api/office/posts"));
    if (answer.ok) this.posts = answer.data;
    return this.#heed(answer);
  }

  /** The name of a venue by its code. */
  venueOf(code: string): string {
    return this.posts.find((venue) => venue.code === code)?.name ?? code;
  }

  /** Replace an event by the server's answer. */
  keep(event: OfficeEvent): void {
    this.#kept.push(event);
    this.events = [...(this.events ?? []).filter((entry) => entry.event.id !== event.event.id), event];
  }

  find(id: string): OfficeEvent | undefined {
    return this.events?.find((entry) => entry.event.id === id);
  }

  titleOf(eventId: string): string {
    return i18n.text(this.find(eventId)?.event.title);
  }

  organiserOf(id: string): string {
    return this.organisers.find((organiser) => organiser.id === id)?.name ?? "";
  }

  /** An expired session shows the sign-in again. */
  #heed<T>(answer: Answer<T>): Answer<T> {
    if (!answer.ok && answer.problem.status === 401) void this.arrive(true);
    return answer;
  }

  leave(): void {
    this.me = null;
    this.events = null;
  }
}

export const desk = new Desk();
