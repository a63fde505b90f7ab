/** State of a kitchen screen: the server's board, pending actions, connection state. */
import { answered, type Answer, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { follow } from "../../../shared/api/stream";
import { i18n, UNNAMED_ZONE } from "../../../shared/i18n/i18n.svelte";
import { clock } from "../../../shared/runtime/clock.svelte";
import { connection } from "../../../shared/runtime/connection.svelte";
import { bell } from "./bell";
import { fresh } from "./tickets";
import type { Board, Capacity, Decline, Run, Ticket } from "./types";

/** Poll even without events, so that a dead connection is noticed. */
const REFRESH_MS = 5000;
const ENDED: readonly Ticket["state"][] = ["handed_over", "delivered", "declined", "cancelled", "expired", "refunded"];

export class Kitchen {
  board = $state.raw<Board | null>(null);
  runs = $state.raw<Run[]>([]);
  /** Time of the last board. */
  at = $state<string | null>(null);
  /** Reason why there is no board, or why the sign-in is shown again. */
  problem = $state.raw<Problem | null>(null);
  lost = $state(false);
  /** Ids of tickets with a pending action. */
  busy = $state.raw<ReadonlySet<string>>(new Set());
  #loading: Promise<void> | null = null;
  #again = false;

  constructor(readonly outlet: string) {}

  /** Follow the kitchen. Returns a function that stops it. */
  watch(): () => void {
    const stop = follow("kitchen", this.outlet, null, () => void this.load());
    const timer = setInterval(() => void this.load(), REFRESH_MS);
    void this.load();
    return () => {
      stop();
      clearInterval(timer);
    };
  }

  /** Load the board. An event during a request causes one more load after it. */
  load(): Promise<void> {
    if (this.#loading) this.#again = true;
    this.#loading ??= this.#loadAll().finally(() => (this.#loading = null));
    return this.#loading;
  }

  accept = (ticket: Ticket): Promise<Problem | null> => this.#step(ticket, (params) => api.POST("/api/kitchen/{outlet}/orders/{order_id}/accept", { params }));

  ready = (ticket: Ticket): Promise<Problem | null> => this.#step(ticket, (params) => api.POST("/api/kitchen/{outlet}/orders/{order_id}/ready", { params }));

  decline(ticket: Ticket, reason: Decline): Promise<Problem | null> {
    return this.#step(ticket, (params) => api.POST("/api/kitchen/{outlet}/orders/{order_id}/decline", { params, body: { reason } }));
  }

  handOver(ticket: Ticket, code: string | null, age_checked: boolean): Promise<Problem | null> {
    return this.#step(ticket, (params) => api.POST("/api/kitchen/{outlet}/orders/{order_id}/hand-over", { params, body: { code, age_checked } }));
  }

  delivered(ticket: Pick<Ticket, "id">, age_checked: boolean): Promise<Problem | null> {
    return this.#step(ticket, (params) => api.POST("/api/kitchen/{outlet}/orders/{order_id}/delivered", { params, body: { age_checked } }));
  }

  async state(capacity: Capacity): Promise<Problem | null> {
    const params = { path: { outlet: this.outlet } };
    const answer = await answered<Capacity>(api.PUT("/api/kitchen/{outlet}/capacity", { params, body: capacity }));
    if (answer.ok) await this.load();
    return answer.ok ? null : answer.problem;
  }

  async #loadAll(): Promise<void> {
    do {
      this.#again = false;
      await this.#load();
    } while (this.#again);
  }

  async #load(): Promise<void> {
    const params = { path: { outlet: this.outlet } };
    const [board, runs] = await Promise.all([
      answered<Board>(api.GET("/api/kitchen/{outlet}", { params })),
      answered<Run[]>(api.GET("/api/kitchen/{outlet}/runs", { params })),
    ]);
    this.lost = !board.ok && (board.problem.status === 0 || board.problem.status >= 500 || !connection.online);
    if (!board.ok) {
      this.problem = board.problem;
      return;
    }
    if (this.board && fresh(this.board.tickets, board.data.tickets).length) bell.ring();
    i18n.zone = board.data.time_zone ?? UNNAMED_ZONE;
    [this.board, this.at, this.problem] = [board.data, new Date(clock.now()).toISOString(), null];
    if (runs.ok) this.runs = runs.data;
  }

  async #step(ticket: Pick<Ticket, "id">, ask: (params: { path: { outlet: string; order_id: string } }) => Promise<{ data?: Ticket; error?: unknown; response: Response }>): Promise<Problem | null> {
    if (this.busy.has(ticket.id)) return null;
    this.busy = new Set([...this.busy, ticket.id]);
    const answer: Answer<Ticket> = await answered<Ticket>(ask({ path: { outlet: this.outlet, order_id: ticket.id } }));
    this.busy = new Set([...this.busy].filter((id) => id !== ticket.id));
    if (answer.ok) this.#put(answer.data);
    if (answer.ok || answer.problem.status !== 0) void this.load();
    return answer.ok ? null : answer.problem;
  }

  #put(ticket: Ticket): void {
    if (!this.board) return;
    const others = this.board.tickets.filter(({ id }) => id !== ticket.id);
    this.board = { ...this.board, tickets: ENDED.includes(ticket.state) ? others : [...others, ticket] };
  }
}
