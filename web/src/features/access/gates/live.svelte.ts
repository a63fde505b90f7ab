/** The gates as they are now: the board and the hits, asked for every two seconds while somebody looks, one question at a time. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { timeoutSignal } from "../../../shared/runtime/floor";
import { desk } from "../../../shared/office/desk.svelte";
import type { GateBoard, BanHit } from "../../../shared/office/types";

const EVERY_MS = 2000;
const ANSWER_MS = 8000;
/** The server keeps a board for a second: what was asked sooner after an act may not know of it. */
const SETTLES_MS = 1200;
const FINAL = new Set([401, 403, 404]);

export class Live {
  board = $state.raw<GateBoard | null>(null);
  hits = $state.raw<BanHit[]>([]);
  /** Why nothing is shown: it is not for who asks, or is no event. */
  refused = $state.raw<Problem | null>(null);
  /** Whether the last question got no answer: what is shown is as old as the board says. */
  away = $state(false);
  #asking = false;
  #settled = 0;

  constructor(readonly id: string) {}

  /** Asks until the returned function is called. */
  watch(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const turn = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") await this.ask();
      clearTimeout(timer);
      if (!ended) timer = setTimeout(() => void turn(), EVERY_MS);
    };
    const seen = (): void => void (document.visibilityState === "visible" && turn());
    document.addEventListener("visibilitychange", seen);
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }

  async ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const sent = performance.now();
    const params = { path: { event_id: this.id } };
    const init = { params, signal: timeoutSignal(ANSWER_MS) };
    const board = await answered<GateBoard>(api.GET("/api/access/board/{event_id}", init));
    const hits = board.ok ? await answered<BanHit[]>(api.GET("/api/access/hits/{event_id}", init)) : board;
    this.#asking = false;
    if (board.ok && sent >= this.#settled) this.board = board.data;
    if (hits.ok) this.hits = hits.data;
    this.away = !(board.ok && hits.ok);
    const problem = board.ok ? null : board.problem;
    this.refused = problem && FINAL.has(problem.status) ? problem : null;
    if (problem?.status === 401) void desk.arrive(true);
  }

  /** Shows at once what the server has confirmed, until a board comes that knows of it. */
  said(change: Partial<GateBoard>): void {
    this.#settled = performance.now() + SETTLES_MS;
    if (this.board) this.board = { ...this.board, ...change };
  }
}
