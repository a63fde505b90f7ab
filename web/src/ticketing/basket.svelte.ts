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

  async hold(eventId: string, seats: Seats): Promise<Answer<Order>> {
    const body = { id: newId(), event_id: eventId, seats };
    const before = this.open ? this.order : null;
    const answer = await answered<Order>(api.POST("/api/orders", { body }));
    if (!answer.ok) return answer;
    if (before) void answered(api.DELETE("/api/orders/{order_id}", { params: { path: { order_id: before.id } } }));
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
}

export const basket = new Basket();
