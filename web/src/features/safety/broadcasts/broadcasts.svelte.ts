/** Messages of the control room to this browser: the valid ones of the topics that it follows, stored for use without network. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Messages } from "../../../shared/api/stream";
import { clock } from "../../../shared/runtime/clock.svelte";
import { storage } from "../../../shared/runtime/storage";

export type Broadcast = Messages["broadcast"]["broadcasts"][number];
/** Valid messages by the topic's argument: the event, a slash, and a block, a standing area or a group of the staff. */
/** How topics are followed, by their arguments: over the stream of the app, or over a connection of their own. */
export type Follow = (topics: readonly string[], hear: (topic: string, message: Messages["broadcast"]) => void) => () => void;
type ByTopic = Readonly<Record<string, readonly Broadcast[]>>;
interface Receipt {
  id: string;
  place: string | null;
}

const STORED = "broadcasts";
const READ = "broadcasts.read";
const RECEIPTS = "broadcasts.receipts";
const READ_MAX = 200;
/** A stadium confirms a message at once: the receipts are spread, so that they do not delay anything else. */
const SPREAD_MS = 10_000;

class Broadcasts {
  #byTopic = $state.raw<ByTopic>(storage.read<ByTopic>(STORED) ?? {});
  #topics = $state.raw<readonly string[]>([]);
  #read = $state.raw<readonly string[]>(storage.read<string[]>(READ) ?? []);
  #receipts: readonly Receipt[] = storage.read<Receipt[]>(RECEIPTS) ?? [];
  #planned = false;
  /** The stream has sent the state since the page was loaded: until then the messages are those of an earlier visit. */
  current = $state(false);

  /** The valid messages of the followed topics, each once, the latest first. */
  readonly valid = $derived.by(() => {
    const found = new Map(this.#topics.flatMap((topic) => this.#byTopic[topic] ?? []).map((one) => [one.id, one]));
    return [...found.values()].filter(({ expires_at }) => Date.parse(expires_at) > clock.tick).sort((a, b) => b.sent_at.localeCompare(a.sent_at));
  });
  /** Those that the reader has not closed. */
  readonly unread = $derived(this.valid.filter(({ id }) => !this.#read.includes(id)));

  /** Follow the topics with these arguments; return the function that stops it. */
  follow(topics: readonly string[], via: Follow): () => void {
    this.#topics = topics;
    return via(topics, (topic, { broadcasts }) => this.#set(topic, broadcasts));
  }

  #set(topic: string, broadcasts: readonly Broadcast[]): void {
    this.current = true;
    const all = Object.entries({ ...this.#byTopic, [topic]: broadcasts });
    this.#byTopic = Object.fromEntries(all.filter(([, list]) => list.some(({ expires_at }) => Date.parse(expires_at) > clock.now())));
    storage.write(STORED, Object.keys(this.#byTopic).length > 0 ? this.#byTopic : null);
    this.confirm();
  }

  /** The reader has closed a message; fans confirm it. */
  close(broadcast: Broadcast, confirm: boolean): void {
    this.#read = [broadcast.id, ...this.#read].slice(0, READ_MAX);
    storage.write(READ, this.#read);
    if (!confirm) return;
    const topic = this.#topics.find((one) => this.#byTopic[one]?.some(({ id }) => id === broadcast.id));
    this.#keepReceipts([...this.#receipts, { id: broadcast.id, place: topic?.split("/")[1] ?? null }]);
    this.confirm();
  }

  /** Send the receipts that wait, a moment later; asked again whenever the stream is connected again. */
  confirm(): void {
    if (this.#planned || this.#receipts.length === 0) return;
    this.#planned = true;
    setTimeout(() => void this.#send().finally(() => (this.#planned = false)), Math.random() * SPREAD_MS);
  }

  async #send(): Promise<void> {
    for (const { id, place } of this.#receipts) {
      const answer = await answered(api.POST("/api/broadcasts/{broadcast_id}/receipts", { params: { path: { broadcast_id: id } }, body: { place } }));
      // A refusal is final, as for a reader who has signed out; without an answer the receipt waits.
      if (!answer.ok && (answer.problem.status === 0 || answer.problem.status >= 500)) return;
      this.#keepReceipts(this.#receipts.filter((one) => one.id !== id));
    }
  }

  #keepReceipts(receipts: readonly Receipt[]): void {
    this.#receipts = receipts;
    storage.write(RECEIPTS, receipts.length > 0 ? receipts : null);
  }
}

export const broadcasts = new Broadcasts();
