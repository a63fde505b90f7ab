/** The open order of this browser: kept by id, with a countdown by the server's clock. */
import { answered, type Answer } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { Order, Seats } from "../../shared/api/words";
import { clock } from "../../shared/runtime/clock.svelte";
import { newId } from "../../shared/runtime/ids";
import { storage } from "../../shared/runtime/storage";
import { isOpen } from "./debits";

class Basket {
  order = $state.raw<Order | null>(null);
  /** The last order ended before it was paid: it expired, or the seller of its tickets withdrew them. */
  lost = $state.raw<Pick<Order, "event_id" | "exchanged" | "state"> | null>(null);
  /** A hold without an answer, which may have succeeded; the same request reuses its id. */
  #unanswered: { id: string; request: string } | null = null;

  constructor() {
    // All windows of this browser share one basket.
    window.addEventListener("storage", (event) => {
      if (event.key === "virage.basket") void this.#follow();
    });
  }

  get open(): boolean {
    return this.order !== null && isOpen(this.order);
  }

  /** Seconds until the hold expires, at least 0. Reads the ticking clock: use it under `clock.watch`. */
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

  /** Whether seats are held now according to the server, as another window may have changed the order. */
  async holdsSeats(): Promise<boolean> {
    const id = this.order?.id ?? storage.read<string>("basket");
    if (id) await this.load(id);
    return this.open;
  }

  /** Holds seats. The held order joins the new one or is replaced, as the fan chose. */
  async hold(eventId: string, seats: Seats, existing: "join" | "replace" = "replace"): Promise<Answer<Order>> {
    const request = JSON.stringify([eventId, seats, existing]);
    const held = this.open ? this.order?.id : undefined;
    const left = [held, this.#unanswered?.id];
    const id = this.#unanswered?.request === request ? this.#unanswered.id : newId();
    const joins = existing === "join" ? held : undefined;
    const answer = await answered<Order>(api.POST("/api/orders", { body: { id, event_id: eventId, seats, joins } }));
    if (answer.ok) for (const old of left) if (old && old !== id && old !== joins) void end(old);
    return this.#heard(answer, id, request);
  }

  /** Holds listings of the exchange. Held seats are released first: they would count towards the limit. */
  async holdListings(listingIds: string[]): Promise<Answer<Order>> {
    const request = JSON.stringify(listingIds);
    const id = this.#unanswered?.request === request ? this.#unanswered.id : newId();
    const left = [this.open ? this.order?.id : undefined, this.#unanswered?.id].filter((old) => old !== undefined && old !== id);
    for (const old of left) await end(old!);
    if (left.length) this.forget();
    return this.#heard(await answered<Order>(api.POST("/api/exchange/orders", { body: { id, listing_ids: listingIds } })), id, request);
  }

  /** Keeps the order of a hold, or its id if the answer was lost. */
  #heard(answer: Answer<Order>, id: string, request: string): Answer<Order> {
    if (answer.ok) {
      this.#unanswered = this.lost = null;
      this.keep(answer.data);
    } else if (answer.problem.code === "offline") this.#unanswered = { id, request };
    return answer;
  }

  async release(): Promise<Answer<unknown>> {
    const order = this.order;
    if (!order) return { ok: true, data: null, response: new Response() };
    const answer = await end(order.id);
    if (answer.ok || answer.problem.code !== "offline") this.forget();
    return answer;
  }

  keep(order: Order): void {
    if (order.bundle_id) return; // it is paid with its season ticket or pack
    if (isOpen(order)) {
      this.order = order;
      storage.write("basket", order.id);
      return;
    }
    const withdrawn = order.exchanged && order.state === "released" && storage.read("basket") === order.id;
    if (order.state === "expired" || withdrawn) this.lost = order;
    if (!this.order || this.order.id === order.id) this.forget();
  }

  /** The countdown has ended: reload the order from the server. */
  async ranOut(): Promise<void> {
    const order = this.order;
    if (!order) return;
    await this.load(order.id);
    if (this.order?.id === order.id && this.order.state === "held") {
      this.lost = order;
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

const end = (id: string): Promise<Answer<unknown>> => answered(api.DELETE("/api/orders/{order_id}", { params: { path: { order_id: id } } }));

export const basket = new Basket();
