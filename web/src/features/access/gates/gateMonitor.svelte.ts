/** Live state of the gates: board and ban hits, fetched every two seconds while the page is visible. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { timeoutSignal } from "../../../shared/runtime/floor";
import { desk } from "../../../shared/office/desk.svelte";
import type { GateBoard, BanHit } from "../../../shared/office/types";

const INTERVAL_MS = 2000;
const TIMEOUT_MS = 8000;
/** The server caches a board for a second: one fetched sooner after a change may be outdated. */
const CACHED_MS = 1200;
const FINAL = new Set([401, 403, 404]);

export class GateMonitor {
  board = $state.raw<GateBoard | null>(null);
  hits = $state.raw<BanHit[]>([]);
  /** Final error: no permission, or unknown event. */
  problem = $state.raw<Problem | null>(null);
  /** Whether the last request failed: the board is outdated. */
  offline = $state(false);
  #fetching = false;
  #freshFrom = 0;

  constructor(readonly id: string) {}

  /** Fetch until the returned function is called. */
  watch(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const tick = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") await this.fetch();
      clearTimeout(timer);
      if (!ended) timer = setTimeout(() => void tick(), INTERVAL_MS);
    };
    const onVisible = (): void => void (document.visibilityState === "visible" && tick());
    document.addEventListener("visibilitychange", onVisible);
    void tick();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }

  async fetch(): Promise<void> {
    if (this.#fetching) return;
    this.#fetching = true;
    const sent = performance.now();
    const params = { path: { event_id: this.id } };
    const init = { params, signal: timeoutSignal(TIMEOUT_MS) };
    const board = await answered<GateBoard>(api.GET("/api/access/board/{event_id}", init));
    const hits = board.ok ? await answered<BanHit[]>(api.GET("/api/access/hits/{event_id}", init)) : board;
    this.#fetching = false;
    if (board.ok && sent >= this.#freshFrom) this.board = board.data;
    if (hits.ok) this.hits = hits.data;
    this.offline = !(board.ok && hits.ok);
    const problem = board.ok ? null : board.problem;
    this.problem = problem && FINAL.has(problem.status) ? problem : null;
    if (problem?.status === 401) void desk.arrive(true);
  }

  /** Show a change that the server has confirmed, until a newer board arrives. */
  confirm(change: Partial<GateBoard>): void {
    this.#freshFrom = performance.now() + CACHED_MS;
    if (this.board) this.board = { ...this.board, ...change };
  }
}
