/** One person's requests at one event: those of the server, and what waits on this phone to be sent. */
import { answered, type Answer, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { clock } from "../../../shared/runtime/clock.svelte";
import { newId } from "../../../shared/runtime/ids";
import { storage, type Waiting } from "./storage";

export type FanRequest = components["schemas"]["FanRequest"];
export type Ask = Omit<components["schemas"]["HelpRequest"], "id" | "written_at">;
type Unkept<T> = T extends unknown ? Omit<T, "order" | "person" | "event" | "refused"> : never;

const POLL_MS = 10_000;
const RETRY_MS = 3_000;

export class OwnRequests {
  list = $state.raw<readonly FanRequest[] | null>(null);
  waiting = $state.raw<readonly Waiting[]>([]);
  /** The server did not answer last time. */
  lost = $state(false);
  /** The server refused the last message because of too many: it is sent again later. */
  limited = $state.raw<Problem | null>(null);
  /** The session has ended: what waits is sent after the next sign-in. */
  signedOut = $state(false);
  /** The phone could not store what was written last. */
  unstored = $state(false);
  #hidden = $state.raw<readonly string[]>([]);
  #sending = false;

  constructor(
    readonly event: string,
    readonly person: string,
  ) {}

  readonly unsent = $derived(this.waiting.flatMap((one) => (one.what === "request" ? [one] : [])).reverse());
  /** Requests that the server has, without those that this phone hides. */
  readonly sent = $derived((this.list ?? []).filter(({ id }) => !this.#hidden.includes(id) && !this.unsent.some(({ request }) => request === id)));

  /** Read and send again and again; returns the end of it. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const turn = async (): Promise<void> => {
      clearTimeout(timer);
      await this.#send();
      if (!this.#next()) this.#take(await answered<FanRequest[]>(api.GET("/api/safety/events/{event_id}/requests", { params: { path: { event_id: this.event } } })));
      if (!ended) timer = setTimeout(() => void turn(), this.#next() ? RETRY_MS : POLL_MS);
    };
    const now = (): void => void turn();
    void this.#readWaiting().then(turn);
    addEventListener("online", now);
    return () => {
      ended = true;
      clearTimeout(timer);
      removeEventListener("online", now);
    };
  }

  async #readWaiting(): Promise<void> {
    this.waiting = (await storage.waiting()).filter(({ person, event }) => person === this.person && event === this.event);
    this.#hidden = [...new Set([...this.#hidden, ...this.waiting.flatMap((one) => (one.what === "hiding" ? [one.request] : []))])];
  }

  #take(answer: Answer<FanRequest[]>): void {
    const status = answer.ok ? 200 : answer.problem.status;
    this.lost = status === 0 || status >= 500;
    this.signedOut = status === 401;
    this.limited = !answer.ok && status === 429 ? answer.problem : null;
    if (answer.ok) this.list = answer.data;
  }

  /** Store a request and send it; whether the phone could store it. */
  ask(asked: Ask): Promise<boolean> {
    const id = newId();
    return this.#keep({ what: "request", request: id, body: { ...asked, id, written_at: new Date(clock.now()).toISOString() } });
  }

  add(request: string, text: string): Promise<boolean> {
    return this.#keep({ what: "text", request, body: { id: newId(), text } });
  }

  withdraw(request: string): Promise<boolean> {
    return this.#keep({ what: "withdrawal", request });
  }

  /** Delete a request from this phone; what the server has is shown on no phone any more. */
  async hide(request: string): Promise<void> {
    this.#hidden = [...this.#hidden, request];
    const own = this.waiting.filter((one) => one.request === request);
    const wasNeverSent = own.some(({ what }) => what === "request") && !this.#sending;
    for (const { order } of own) await storage.drop(order!);
    this.list = (this.list ?? []).filter(({ id }) => id !== request);
    if (wasNeverSent) await this.#readWaiting();
    else await this.#keep({ what: "hiding", request });
  }

  /** Remove what the server refused. */
  async discard(one: Waiting): Promise<void> {
    await storage.drop(one.order!);
    await this.#readWaiting();
  }

  async #keep(one: Unkept<Waiting>): Promise<boolean> {
    try {
      await storage.keep({ ...one, person: this.person, event: this.event } as Waiting);
    } catch {
      this.unstored = true; // the screen says so, and whom to speak to
      return false;
    }
    this.unstored = false;
    await this.#readWaiting();
    void this.#send();
    return true;
  }

  /** Send what waits, in order. A refused message stays on the screen and does not hold the others. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let one = this.#next(); one; one = this.#next()) {
        const answer = await answered<FanRequest[]>(post(one));
        this.#take(answer);
        if (this.lost || this.signedOut || this.limited) return;
        const isStored = (await storage.waiting()).some(({ order }) => order === one.order);
        // What was hidden meanwhile is not stored again, and what the server does not have needs no hiding.
        if (answer.ok || one.what === "hiding" || !isStored) await storage.drop(one.order!);
        else await storage.keep({ ...one, refused: answer.problem.code });
        await this.#readWaiting();
      }
    } finally {
      this.#sending = false;
    }
  }

  #next(): Waiting | undefined {
    return this.waiting.find(({ refused }) => !refused);
  }
}

function post(one: Waiting) {
  const params = { path: { request_id: one.request } };
  switch (one.what) {
    case "request":
      return api.POST("/api/safety/events/{event_id}/requests", { params: { path: { event_id: one.event } }, body: one.body });
    case "text":
      return api.POST("/api/safety/requests/{request_id}/texts", { params, body: one.body });
    case "withdrawal":
      return api.POST("/api/safety/requests/{request_id}/withdrawal", { params });
    case "hiding":
      return api.POST("/api/safety/requests/{request_id}/hiding", { params });
  }
}
