/** The order that this browser holds: kept by its id, counted down by the server's clock. */
import { answered, type Answer } from "../api/answer";
import { api } from "../api/client";
import type { Order, Seats } from "../api/words";
import { clock } from "../kernel/clock.svelte";
import { newId } from "../kernel/ids";
import { storage } from "../kernel/storage";

const OPEN = new Set(["held", "paying"]);

class Basket {
  order = $state.raw<Order | null>(null);
  /** The last order ran out of time before it was paid. */
  lost = $state.raw<{ event_id: string } | null>(null);
  /** A hold whose answer did not come: it may stand. The same wish again is the same request. */
  #unanswered: { id: string; wish: string } | null = null;

  constructor() {
    // Another window of this browser held, paid or gave back: there is one basket for all of them.
    window.addEventListener("storage", (event) => {
      if (event.key === "virage.basket") void this.#follow();
    });
  }

  get open(): boolean {
    return this.order !== null && OPEN.has(this.order.state);
  }

  /** Seconds until the seats go back, never below 0. Reads the ticking clock: use it under `clock.watch`. */
  get secondsLeft(): number {
    if (!this.order) return 0;
    return Math.max(0, Math.floor((Date.parse(this.order.expires_at) - clock.tick) / 1000));
  }

  async restore(): Promise<void> {
    const id = storage.read<string>("basket");
    if (id) await this.load(id);
  }

  async load(id: string): Promise<Answer<Order>> {
    const answer = await answered<Order>(api.GET("/api/orders/{order_id}", { params: { path: { order_id: id } } }));
    if (answer.ok) this.keep(answer.data);
    else if (answer.problem.status === 404 || answer.problem.status === 401) this.forget();
    return answer;
  }

  /** Whether seats are held now, as the server says: another window may have held, paid or released some. */
  async holdsSeats(): Promise<boolean> {
    const id = this.order?.id ?? storage.read<string>("basket");
    if (id) await this.load(id);
    return this.open;
  }

  /** Holds seats. What the basket holds joins the new order or is replaced by it; the page has asked which. */
  async hold(eventId: string, seats: Seats, before: "join" | "replace" = "replace"): Promise<Answer<Order>> {
    const wish = JSON.stringify([eventId, seats, before]);
    const held = this.open ? this.order?.id : undefined;
    const left = [held, this.#unanswered?.id];
    const id = this.#unanswered?.wish === wish ? this.#unanswered.id : newId();
    const joins = before === "join" ? held : undefined;
    const answer = await answered<Order>(api.POST("/api/orders", { body: { id, event_id: eventId, seats, joins } }));
    if (!answer.ok) {
      if (answer.problem.code === "offline") this.#unanswered = { id, wish };
      return answer;
    }
    this.#unanswered = null;
    for (const old of left) if (old && old !== id && old !== joins) void answered(api.DELETE("/api/orders/{order_id}", { params: { path: { order_id: old } } }));
    this.lost = null;
    this.keep(answer.data);
    return answer;
  }

  async release(): Promise<Answer<unknown>> {
    const order = this.order;
    if (!order) return { ok: true, data: null, response: new Response() };
    const answer = await answered(api.DELETE("/api/orders/{order_id}", { params: { path: { order_id: order.id } } }));
    if (answer.ok || answer.problem.code !== "offline") this.forget();
    return answer;
  }

  keep(order: Order): void {
    if (OPEN.has(order.state)) {
      this.order = order;
      storage.write("basket", order.id);
      return;
    }
    if (order.state === "expired") this.lost = { event_id: order.event_id };
    if (!this.order || this.order.id === order.id) this.forget();
  }

  /** The countdown reached nothing: the server says what became of the order. */
  async ranOut(): Promise<void> {
    const order = this.order;
    if (!order) return;
    await this.load(order.id);
    if (this.order?.id === order.id && this.order.state === "held") {
      this.lost = { event_id: order.event_id };
      this.forget();
    }
  }

  forget(): void {
    this.order = null;
    storage.write("basket", null);
  }

  async #follow(): Promise<void> {
    const id = storage.read<string>("basket");
    if (!id) this.order = null;
    else if (id !== this.order?.id) await this.load(id);
  }
}

export const basket = new Basket();
