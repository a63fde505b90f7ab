/** An event on sale in this window: geometry, prices, live availability and the fan's selection. */
import { SvelteMap } from "svelte/reactivity";
import { answered, type Answer, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import { follow, type Messages } from "../../shared/api/stream";
import type { EventInfo, Geometry, Offer, PublicWindows, Tariff } from "../../shared/api/words";
import { clock } from "../../shared/runtime/clock.svelte";
import { sale as phase } from "../../shared/runtime/words";
import { event as loadEvent } from "../programme/events";
import { Availability } from "../venue/availability";
import { COMPANION, geometry, WHEELCHAIR } from "../../shared/geometry";

interface Loaded {
  event: EventInfo;
  geometry: Geometry;
  offer: Offer;
  places: Availability;
}
export const CHOICE_MAX = 9;
/** Minimum time between redraws; in a busy sale, changes arrive many times a second. */
const NEWS_MS = 200;

export class Sale {
  loaded = $state.raw<Loaded | null>(null);
  event = $state.raw<EventInfo | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Members' windows, while the public sale is not open; null where there are none. */
  windows = $state.raw<PublicWindows | null>(null);
  /** Increases whenever a place was taken or freed. */
  version = $state(0);
  chosen = new SvelteMap<number, Tariff>();
  /** The block that the map shows; null is the whole stadium. */
  block = $state<string | null>(null);
  /** Counts chosen seats that other buyers took. */
  robbed = $state(0);
  #stop: (() => void) | null = null;
  #holding = false;
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly id: string) {}

  async load(): Promise<void> {
    this.problem = null;
    const path = { event_id: this.id };
    const [event, offer] = await Promise.all([
      loadEvent(this.id),
      answered<Offer>(api.GET("/api/events/{event_id}/offer", { params: { path } })),
    ]);
    if (!event.ok) return this.#fail(event);
    this.event = event.data;
    if (phase(event.data) === "early") {
      const windows = await answered<PublicWindows>(api.GET("/api/events/{event_id}/windows", { params: { path } }));
      if (windows.ok && windows.data.windows.length) this.windows = windows.data;
    }
    if (!offer.ok) return this.#fail(offer);
    const venue = await geometry(event.data.venue_version);
    if (!venue.ok) return this.#fail(venue);
    const free = await this.#availability(venue.data, offer.data);
    if (!free.ok) return this.#fail(free);
    this.loaded = { event: event.data, geometry: venue.data, offer: offer.data, places: free.data.places };
    this.#stop?.();
    this.#stop = follow("availability", this.id, free.data.since, (message) => this.#hear(message));
  }

  /** How many tickets this fan may have now by a members' window; 0 if none of theirs is open. */
  get ownMax(): number {
    void clock.tick; // a window opens while the page is open
    return Math.max(0, ...(this.windows?.mine ?? []).filter((own) => Date.parse(own.opens_at) <= clock.now()).map((own) => own.tickets_max));
  }

  /** Whether this fan has to wait for the public sale, or for their members' window. */
  get early(): boolean {
    void clock.tick;
    return this.event !== null && phase(this.event) === "early" && this.ownMax === 0;
  }

  close(): void {
    clearTimeout(this.#due);
    this.#stop?.();
    this.#stop = null;
  }

  async #availability(venue: Geometry, offer: Offer): Promise<Answer<{ places: Availability; since: string | null }>> {
    const params = { path: { event_id: this.id } };
    const answer = await answered<ArrayBuffer>(api.GET("/api/events/{event_id}/availability", { params, parseAs: "arrayBuffer" }));
    if (!answer.ok) return answer;
    const spans = [
      ...venue.blocks.map((block) => ({ code: block.code, first: block.first_seat, count: block.seat_count })),
      ...offer.areas.map((area) => ({ code: area.area, first: area.first_place, count: area.capacity })),
    ];
    const places = new Availability(new Uint8Array(answer.data), spans);
    const since = answer.response.headers.get("virage-version");
    return { ok: true, data: { places, since }, response: answer.response };
  }

  #fail(answer: { ok: false; problem: Problem }): void {
    this.problem = answer.problem;
  }

  #hear(update: Messages["availability"]): void {
    if (update.reload) return void this.load();
    const changed = this.loaded?.places.apply(update.taken ?? [], update.freed ?? []);
    if (!changed || changed.size === 0) return;
    this.#check();
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.version += 1;
    }, NEWS_MS);
  }

  /** Removes chosen seats that other buyers took; skipped during our own hold. */
  #check(): void {
    if (this.#holding) return;
    for (const place of this.chosen.keys())
      if (!this.loaded!.places.isFree(place) && this.chosen.delete(place)) this.robbed += 1;
  }

  /** Runs a hold; changes that arrive meanwhile may be its own. */
  async holding<T>(hold: () => Promise<T>): Promise<T> {
    this.#holding = true;
    try {
      return await hold();
    } finally {
      this.#holding = false;
    }
  }

  /** Selects or deselects a seat; returns the outcome. */
  toggle(place: number, features: number): "added" | "removed" | "taken" | "full" {
    if (this.chosen.delete(place)) return "removed";
    if (!this.loaded?.places.isFree(place)) return "taken";
    const most = phase(this.loaded.event) === "early" ? this.ownMax : CHOICE_MAX;
    if (this.chosen.size >= Math.min(most, CHOICE_MAX, this.loaded.event.rules.limit_per_buyer)) return "full";
    const access = [...this.chosen.values()].filter((tariff) => tariff === "access").length;
    const beside = [...this.chosen.values()].filter((tariff) => tariff === "companion").length;
    const tariff = features & WHEELCHAIR ? "access" : features & COMPANION && beside < access ? "companion" : "full";
    this.chosen.set(place, tariff);
    return "added";
  }

  /** Marks seats held by this browser as taken. */
  took(places: readonly number[]): void {
    for (const place of places) this.chosen.delete(place);
    if (this.loaded?.places.apply(places, []).size) this.version += 1;
  }

  /** Marks seats as taken after a refused hold. */
  lost(places: readonly number[]): void {
    if (this.loaded?.places.apply(places, []).size) this.version += 1;
    this.#check();
  }
}
