/** The draw of an event with this fan's entry, kept up to date while something is about to happen to it. */
import { answered, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { components } from "../../shared/api/schema";
import type { EventInfo, Party, SeatNeed, Tariff } from "../../shared/api/words";
import { newId } from "../../shared/runtime/ids";
import { event as loadEvent } from "../programme/events";

type Schemas = components["schemas"];
export type PublicDraw = Schemas["PublicDraw"];
export type MyEntry = Schemas["MyEntry"];
export type DrawQuota = Schemas["DrawQuota"];

const PAUSE_MS = 3000;
export const GROUP = ["full", "child", "reduced", "access"] as const;
export type Group = Record<(typeof GROUP)[number], number>;

export interface Wish {
  party: Party;
  wishes: string[];
  anyOther: boolean;
  /** Stored, as `needs`, with the explicit consent that the form asks for. */
  wheelchair: boolean;
  needs: SeatNeed[];
}

/** The places of a group: each person with the access tariff brings one companion, unless the group says otherwise. */
export const sizeOf = (party: Party): number => GROUP.reduce((sum, tariff) => sum + (party[tariff] ?? 0), 0) + (party.companions ?? party.access ?? 0);

/** The highest amount in cents that a wish may cost, the fee included. */
export function mostOf(draw: PublicDraw, wish: Wish): number {
  const any = wish.anyOther || wish.wishes.length === 0; // before the first wish, what it could be
  const wanted = draw.quotas.filter(({ category_id }) => any || wish.wishes.includes(category_id));
  const total = ({ prices }: DrawQuota): number =>
    GROUP.reduce((sum, tariff) => {
      const price = (prices as Record<Tariff, number | undefined>)[tariff] ?? 0;
      return sum + (wish.party[tariff] ?? 0) * (price ? price + draw.fee_cents : 0);
    }, 0);
  return Math.max(0, ...wanted.map(total));
}

export class DrawOfEvent {
  event = $state.raw<EventInfo | null>(null);
  draw = $state.raw<PublicDraw | null>(null);
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  refusal = $state.raw<Problem | null>(null);
  busy = $state(false);
  #turn = 0;
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  async load(): Promise<void> {
    const [event, answer] = await Promise.all([
      this.event ? undefined : loadEvent(this.#id),
      answered<Schemas["DrawAnswer"]>(api.GET("/api/events/{event_id}/draw", { params: { path: { event_id: this.#id } } })),
    ]);
    if (event?.ok) this.event = event.data;
    this.problem = event?.ok === false ? event.problem : answer.ok ? null : answer.problem;
    if (answer.ok) this.draw = answer.data.draw ?? null;
    this.loaded = answer.ok;
  }

  /** Ask again while a card is being confirmed or charged. */
  async follow(returned: boolean): Promise<void> {
    const turn = (this.#turn += 1);
    while (turn === this.#turn) {
      const mine = this.draw?.mine;
      const waits = mine?.state === "won" || (mine?.state === "entered" && this.draw?.state === "drawn") || (returned && mine?.state === "card_missing" && !mine.card_failed);
      if (this.loaded && !waits) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (turn === this.#turn) await this.load();
    }
  }

  stop(): void {
    this.#turn += 1;
  }

  /** Enter, or change the entry; with another card the provider's page opens. Returns whether it is stored here. */
  async enter(wish: Wish, otherCard: boolean, terms: string | null): Promise<boolean> {
    const mine = this.draw?.mine;
    [this.busy, this.refusal] = [true, null];
    const method_id = mine && !otherCard ? mine.method_id : newId();
    const body = { party: wish.party, wishes: wish.wishes, any_other: wish.anyOther, wheelchair: wish.wheelchair, needs: wish.needs, needs_consent: wish.wheelchair || wish.needs.length > 0, method_id, consents: true, terms };
    const answer = await answered<Schemas["DrawEntryAnswer"]>(api.PUT("/api/events/{event_id}/draw/entry", { params: { path: { event_id: this.#id } }, body }));
    if (answer.ok && answer.data.page_url) {
      location.assign(answer.data.page_url);
      return false;
    }
    this.busy = false;
    if (answer.ok) this.draw = answer.data.draw;
    else this.refusal = answer.problem;
    return answer.ok;
  }

  async withdraw(): Promise<boolean> {
    [this.busy, this.refusal] = [true, null];
    const answer = await answered<unknown>(api.DELETE("/api/events/{event_id}/draw/entry", { params: { path: { event_id: this.#id } } }));
    this.busy = false;
    if (answer.ok) await this.load();
    else this.refusal = answer.problem;
    return answer.ok;
  }

  /** Open the provider's page for seats whose card was declined. */
  async pay(orderId: string, terms: string | null): Promise<void> {
    [this.busy, this.refusal] = [true, null];
    const body = { payment_id: newId(), terms };
    const answer = await answered<{ payment_url: string | null }>(api.POST("/api/orders/{order_id}/payment", { params: { path: { order_id: orderId } }, body }));
    if (answer.ok && answer.data.payment_url) return location.assign(answer.data.payment_url);
    this.busy = false;
    if (!answer.ok) this.refusal = answer.problem;
    await this.load();
  }
}
