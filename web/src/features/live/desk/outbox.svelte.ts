/** Outbox of the desk: entries are stored on the device until the server has them, and sent in order with stable ids. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { clock } from "../../../shared/runtime/clock.svelte";
import { newId } from "../../../shared/runtime/ids";
import { keep } from "../../../shared/runtime/keep";
import { entryOf, type Content, type FeedEntry } from "../feed";

type Schemas = components["schemas"];
type EntryRequest = Schemas["EntryRequest"];
type Refusal = Schemas["Refusal"];
const RETRY_MS = 1500;

export class EntryOutbox {
  waiting = $state.raw<EntryRequest[]>([]);
  refused = $state.raw<string | null>(null);
  lost = $state(false);
  /** The server refused the waiting entries: they are kept until they are retried or discarded. */
  held = $state(false);
  /** The session has ended: waiting entries are sent after the next sign-in. */
  signedOut = $state(false);
  #sending = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly event: string,
    private readonly onPublished: (entries: FeedEntry[]) => void,
  ) {}

  get #key(): string {
    return `desk:${this.event}`;
  }

  /** Resume sending stored entries, and return the function that stops. */
  open(): () => void {
    void keep.get<EntryRequest[]>(this.#key).then((kept) => {
      if (kept) this.waiting = [...kept.map(entryOf<EntryRequest>), ...this.waiting];
      return this.#send();
    });
    return () => clearTimeout(this.#timer);
  }

  async publish(content: Content): Promise<void> {
    this.refused = null;
    await this.#wait([...this.waiting, { id: newId(clock.now()), at: new Date(clock.now()).toISOString(), content, clock_s: null }]);
    await this.#send();
  }

  /** Send the waiting entries again. */
  async retry(): Promise<void> {
    this.refused = null;
    await this.#send();
  }

  /** Discard the waiting entries. */
  async discard(): Promise<void> {
    [this.held, this.refused] = [false, null];
    await this.#wait([]);
  }

  async #wait(waiting: EntryRequest[]): Promise<void> {
    this.waiting = waiting;
    await keep.put(this.#key, $state.snapshot(waiting));
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.waiting.length) {
      const entries = this.waiting.slice(0, 50);
      const answer = await answered<(FeedEntry | Refusal)[]>(
        api.POST("/api/live/{event_id}/entries", { params: { path: { event_id: this.event } }, body: { entries } }),
      );
      const status = answer.ok ? 200 : answer.problem.status;
      this.lost = status === 0 || status === 429 || status >= 500;
      this.signedOut = status === 401;
      if (this.lost) this.#timer = setTimeout(() => void this.#send(), RETRY_MS);
      if (this.lost || this.signedOut) break; // entries wait for the network or a sign-in
      this.held = !answer.ok;
      if (!answer.ok) {
        this.refused = answer.problem.code;
        break;
      }
      this.onPublished(answer.data.filter((outcome): outcome is FeedEntry => "number" in outcome));
      this.refused = (answer.data.find((outcome): outcome is Refusal => "reason" in outcome)?.reason as string | undefined) ?? this.refused;
      await this.#wait(this.waiting.slice(entries.length));
    }
    this.#sending = false;
  }
}
