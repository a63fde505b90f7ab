/** Live tracking of one match; subscribed while the pitch is visible. */
import { follow } from "../../shared/api/stream";
import { storage } from "../../shared/runtime/storage";
import type { Period } from "../live/feed";
import { read, type Kick, type Update } from "./encoding";
import { Motion } from "./motion";

/** Delay before unsubscribing, so that scrolling past does not restart the stream. */
const LEAVE_MS = 10_000;
const POOR = ["slow-2g", "2g", "3g"];

interface Network {
  saveData?: boolean;
  effectiveType?: string;
}

/** Whether the network is too slow or metered for an automatic 12 kB per minute. */
export function isPoor(): boolean {
  const network = (navigator as Navigator & { connection?: Network }).connection;
  return network?.saveData === true || POOR.includes(network?.effectiveType ?? "") || matchMedia("(prefers-reduced-data: reduce)").matches;
}

export class LiveTracking {
  readonly motion = new Motion();
  period = $state<Period | null>(null);
  who = $state.raw<string[]>([]);
  runs = $state.raw<[number, number][]>([]);
  kick = $state.raw<Kick | null>(null);
  hardest = $state.raw<Kick | null>(null);
  /** Number of the newest moment. */
  n = $state(-1);
  /** Time of the last message, by this phone's clock. */
  receivedAt = $state(0);
  enabled = $state(storage.read<boolean>("pitch") ?? !isPoor());
  #stop: (() => void) | null = null;
  #leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly id: string) {}

  enable(enabled: boolean): void {
    this.enabled = enabled;
    storage.write("pitch", enabled);
  }

  /** Subscribe while visible; unsubscribe after a delay. */
  look(looking: boolean): void {
    clearTimeout(this.#leaving);
    if (looking) this.#stop ??= follow("pitch", this.id, null, (message) => this.hear(message));
    else this.#leaving = setTimeout(() => this.close(), LEAVE_MS);
  }

  close(): void {
    clearTimeout(this.#leaving);
    this.#stop?.();
    this.#stop = null;
  }

  hear({ key, moves = [], kicks = [], hardest }: Update): void {
    const now = performance.now();
    if (key) {
      [this.period, this.who, this.runs] = [key.period, key.who, key.runs];
      this.motion.add(read(key.at, key.who, null, key.n), now);
    }
    for (const [n, text] of moves) {
      const { last } = this.motion;
      if (last && n === last.n + 1) this.motion.add(read(text, this.who, last, n), now);
    }
    this.kick = kicks.at(-1) ?? this.kick;
    this.hardest = hardest ?? this.hardest;
    this.n = this.motion.last?.n ?? -1;
    this.receivedAt = Date.now();
  }
}
