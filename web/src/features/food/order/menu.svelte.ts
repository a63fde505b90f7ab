/** State of an outlet's menu page: catalogue, pick-up times, wallet balance. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { WalletView } from "../../../shared/api/words";
import { session } from "../../../shared/session.svelte";
import type { Catalogue } from "../rules/catalogue";
import { Card } from "./catalogue";
import { orderContext } from "./orderContext.svelte";
import type { Offer, Slot } from "./types";

export class OutletMenu {
  catalogue = $state.raw<Catalogue | null>(null);
  offer = $state.raw<Offer | null>(null);
  slots = $state.raw<Slot[]>([]);
  wallet = $state.raw<WalletView | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Ids of sold-out products. */
  gone = $state.raw<string[]>([]);
  readonly card = $derived.by((): Card | null => {
    if (!this.catalogue) return null;
    const event = orderContext.event;
    return new Card(this.catalogue, { gone: this.gone, startsAt: event ? Date.parse(event.starts_at) : null, dry: event ? !event.rules.alcohol : false });
  });

  constructor(private readonly outlet: string) {}

  /** Load the menu; again after a refusal says that it has changed. */
  async load(): Promise<void> {
    const path = { outlet: this.outlet };
    const answer = await answered<Catalogue>(api.GET("/api/food/catalogue/{outlet}", { params: { path } }));
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok) this.catalogue = answer.data;
  }

  /** Load pick-up times for a place, and sold-out products. */
  async ask(event_id: string, place: number | null, step_free: boolean): Promise<void> {
    const query = { event_id, step_free, ...(place === null ? {} : { place }) };
    const [offers, slots, gone] = await Promise.all([
      answered<Offer[]>(api.GET("/api/food/outlets", { params: { query } })),
      answered<Slot[]>(api.GET("/api/food/slots", { params: { query: { event_id, outlet: this.outlet } } })),
      answered<string[]>(api.GET("/api/food/sold-out", { params: { query: { outlet: this.outlet } } })),
    ]);
    if (offers.ok) this.offer = offers.data.find(({ outlet }) => outlet === this.outlet) ?? null;
    if (slots.ok) this.slots = slots.data;
    if (gone.ok) this.gone = gone.data;
  }

  async loadWallet(): Promise<void> {
    if (!session.me) return;
    const answer = await answered<WalletView>(api.GET("/api/wallet"));
    if (answer.ok) this.wallet = answer.data;
  }
}
