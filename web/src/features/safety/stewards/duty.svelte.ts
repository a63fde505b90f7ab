/** The duty of one person at one event: own teams, assignments and reports, and what waits to be sent. */
import { answered, type Answer } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { clock } from "../../../shared/runtime/clock.svelte";
import { newId } from "../../../shared/runtime/ids";
import type { IncidentPlace } from "../control/call";
import { storage, type Addition, type Report, type Step, type Waiting } from "./storage";

export type Duty = components["schemas"]["Duty"];
type Omitted<T> = T extends unknown ? Omit<T, "id"> : never;
interface Stored {
  duty: Duty;
  readAt: number;
}

const POLL_MS = 3_000;

export class OwnDuty {
  duty = $state.raw<Duty | null>(null);
  readAt = $state<number | null>(null);
  /** The server did not answer last time. */
  lost = $state(false);
  /** The session has ended: what waits is sent after the next sign-in. */
  signedOut = $state(false);
  /** The phone could not store what was written last. */
  unstored = $state(false);
  waiting = $state.raw<readonly Waiting[]>([]);
  lastPlace = $state.raw<IncidentPlace | null>(null);
  #sending = false;

  constructor(
    readonly event: string,
    readonly person: string,
  ) {}

  /** Show the stored state, then read and send again and again; returns the end of it. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const turn = async (): Promise<void> => {
      clearTimeout(timer);
      await this.#send();
      if (this.waiting.every(({ refused }) => refused)) await this.#load();
      if (!ended) timer = setTimeout(() => void turn(), POLL_MS);
    };
    const now = (): void => void turn();
    void this.#restore().then(turn);
    addEventListener("online", now);
    return () => {
      ended = true;
      clearTimeout(timer);
      removeEventListener("online", now);
    };
  }

  async #restore(): Promise<void> {
    const stored = await storage.state<Stored>(this.#key);
    if (stored) [this.duty, this.readAt] = [stored.duty, stored.readAt];
    this.lastPlace = (await storage.state<IncidentPlace>(`place:${this.event}`)) ?? null;
    await this.#readWaiting();
  }

  get #key(): string {
    return `duty:${this.person}:${this.event}`;
  }

  async #readWaiting(): Promise<void> {
    this.waiting = (await storage.waiting()).filter(({ person, event }) => person === this.person && event === this.event);
  }

  async #load(): Promise<void> {
    this.#take(await answered<Duty>(api.GET("/api/safety/events/{event_id}/duty", { params: { path: { event_id: this.event } } })));
  }

  #take(answer: Answer<Duty>): void {
    const status = answer.ok ? 200 : answer.problem.status;
    this.lost = status === 0 || status === 429 || status >= 500;
    this.signedOut = status === 401;
    if (!answer.ok) return;
    [this.duty, this.readAt] = [answer.data, clock.now()];
    void storage.keepState(this.#key, { duty: answer.data, readAt: this.readAt } satisfies Stored);
  }

  /** Store a report and send it; its id, or null if the phone could not store it. */
  async report(kind: Report["kind"], priority: number, place: IncidentPlace | null): Promise<string | null> {
    const body: Report = { id: newId(), kind, priority, place, text: null, occurred_at: new Date(clock.now()).toISOString() };
    if (place) {
      this.lastPlace = place;
      await storage.keepState(`place:${this.event}`, place);
    }
    return (await this.#keep({ person: this.person, event: this.event, what: "report", body })) ? body.id : null;
  }

  /** Add a text to an own report, or set its priority. */
  add(report: string, addition: Omitted<Addition>): Promise<boolean> {
    return this.#keep({ person: this.person, event: this.event, what: "addition", report, body: { id: newId(), ...addition } as Addition });
  }

  /** Take a step of an assignment of the own team. */
  step(assignment: string, step: Step["step"], reason: Step["reason"] = null): Promise<boolean> {
    const body: Step = { id: newId(), step, reason, occurred_at: new Date(clock.now()).toISOString() };
    return this.#keep({ person: this.person, event: this.event, what: "step", assignment, body });
  }

  /** Remove a request that the server refused. */
  async discard(one: Waiting): Promise<void> {
    await storage.drop(one.order!);
    await this.#readWaiting();
  }

  async #keep(one: Waiting): Promise<boolean> {
    try {
      await storage.keep(one);
    } catch {
      this.unstored = true; // the screen says so: the steward reports by radio
      return false;
    }
    this.unstored = false;
    await this.#readWaiting();
    void this.#send();
    return true;
  }

  /** Send what waits, in order. A refused request stays on the screen and does not hold the others. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let one = this.#next(); one; one = this.#next()) {
        const answer = await answered<Duty>(post(one));
        this.#take(answer);
        if (this.lost || this.signedOut) return;
        if (answer.ok) await storage.drop(one.order!);
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
  switch (one.what) {
    case "report":
      return api.POST("/api/safety/events/{event_id}/reports", { params: { path: { event_id: one.event } }, body: one.body });
    case "addition":
      return api.POST("/api/safety/reports/{incident_id}/entries", { params: { path: { incident_id: one.report } }, body: one.body });
    case "step":
      return api.POST("/api/safety/assignments/{assignment_id}/steps", { params: { path: { assignment_id: one.assignment } }, body: one.body });
  }
}
