/** The till as its screens see it: who it is, what it knows, what waits, and what it has just sold. */
import type { Device } from "../../devices/pairing";
import { connection } from "../../kernel/connection.svelte";
import { totalOf, type Written } from "../fiscal/record";
import type { Catalogue } from "../../food/rules/catalogue";
import { sum, type Spent } from "./alone";
import { link, time } from "./link";
import { shelf } from "./shelf";
import type { Shift } from "./shift";
import { flush, type Flushed, type Stop } from "./upload";
import type { Pack } from "./wire";

/** Whoever began longer ago signs in again. */
const SIGNED_IN_MAX_MS = 16 * 3_600_000;

export interface Person {
  id: string;
  name: string;
  supervisor: boolean;
  since: number;
}

/** A receipt on the screen: a sale, a refund, or a sale that is shown again. */
export interface Receipt {
  written: Written;
  alone: boolean;
  available: number | null;
  /** Whose card paid, as long as it is on the screen. */
  holder: string | null;
  /** What the buyer put down in notes, so that the change is read off. */
  given: number | null;
  again: boolean;
}

/** What became of a sale that was interrupted. */
export type Notice = { kind: "found_paid" | "found_refused" | "given_back" | "refund_stands"; cents: number };

class Till {
  device = $state.raw<Device | null>(null);
  pack = $state.raw<Pack | null>(null);
  /** When the pack came, by the server's clock. */
  packAt = $state(0);
  person = $state.raw<Person | null>(null);
  outlet = $state<string | null>(null);
  shift = $state.raw<Shift | null>(null);
  training = $state(false);
  online = $state(false);
  offlineSince = $state<number | null>(null);
  backlog = $state(0);
  /** What cards paid here alone and the server has not heard of. */
  spent = $state.raw<Spent[]>([]);
  receipt = $state.raw<Receipt | null>(null);
  notice = $state.raw<Notice | null>(null);
  stopped = $state.raw<Stop | null>(null);
  revoked = $state(false);
  /** The device could not keep something: its storage is full, and nothing is sold. */
  full = $state(false);
  ready = $state(false);
  #turnstile: Promise<unknown> = Promise.resolve();

  readonly used = $derived(sum(this.spent));
  readonly catalogue: Catalogue | null = $derived(this.pack?.outlets.find(({ code }) => code === this.outlet)?.catalogue ?? null);

  /** What the device kept, before anything else is asked; `anew` after another window has been the till. */
  async restore(anew = false): Promise<void> {
    if (this.ready && !anew) return;
    await time.restore();
    this.device = (await shelf.device()) ?? null;
    link.use(this.device?.token ?? null);
    this.pack = (await shelf.setting<Pack>("pack")) ?? null;
    this.packAt = (await shelf.setting<number>("packAt")) ?? 0;
    this.outlet = (await shelf.setting<string>("outlet")) ?? null;
    this.shift = (await shelf.setting<Shift>("shift")) ?? null;
    this.training = (await shelf.setting<boolean>("training")) ?? false;
    this.stopped = (await shelf.setting<Stop>("stopped")) ?? null;
    this.revoked = (await shelf.setting<boolean>("revoked")) ?? false;
    const person = (await shelf.setting<Person>("person")) ?? null;
    this.person = person && time.now() - person.since < SIGNED_IN_MAX_MS ? person : null;
    await this.count();
    this.ready = true;
  }

  /** What waits, and what of the limits it takes. */
  async count(): Promise<void> {
    const waiting = await shelf.waiting();
    this.backlog = waiting.length;
    this.spent = waiting.flatMap(({ spent }) => spent);
  }

  stand(pack: Pack): void {
    this.pack = pack;
    this.packAt = time.now();
    void shelf.keepSetting("pack", pack);
    void shelf.keepSetting("packAt", this.packAt);
    const codes = pack.outlets.map(({ code }) => code);
    if (this.outlet && !codes.includes(this.outlet)) this.choose(null);
    if (!this.outlet && codes.length === 1) this.choose(codes[0]!);
  }

  choose(outlet: string | null): void {
    this.outlet = outlet;
    void shelf.keepSetting("outlet", outlet);
  }

  enter(person: Person | null): void {
    this.person = person;
    this.receipt = null;
    void shelf.keepSetting("person", person);
  }

  work(shift: Shift | null): void {
    this.shift = shift;
    void shelf.keepSetting("shift", shift);
  }

  train(on: boolean): void {
    this.training = on;
    this.receipt = null;
    void shelf.keepSetting("training", on);
  }

  show(written: Written, more: Partial<Omit<Receipt, "written">> = {}): void {
    this.receipt = { written, alone: false, available: null, holder: null, given: null, again: false, ...more };
  }

  tell(kind: Notice["kind"], written: Written): void {
    this.notice = { kind, cents: totalOf(written.record) + written.record.tip_cents };
  }

  /** The server was heard, or not. */
  hear(online: boolean): void {
    if (online === this.online && (online || this.offlineSince !== null)) return;
    this.online = online;
    this.offlineSince = online ? null : (this.offlineSince ?? time.now());
  }

  /** Whether to ask: who was not answered in time decides alone until a heartbeat is heard again. */
  mayAsk(): boolean {
    return this.online && connection.online;
  }

  /** Run one after the other: whatever writes into a chain, or looks at its head. */
  exclusively<Result>(act: () => Promise<Result>): Promise<Result> {
    const mine = this.#turnstile.then(act);
    this.#turnstile = mine.catch(() => undefined);
    return mine;
  }

  /** Tell what waits. */
  async sync(limitMs?: number): Promise<Flushed> {
    const found = await flush(limitMs);
    await this.count();
    if (found === "revoked") this.end();
    else if (typeof found === "object") this.stop(found);
    return found;
  }

  /** Nothing more is sold before somebody has looked at it. */
  stop(stop: Stop): void {
    this.stopped = stop;
    void shelf.keepSetting("stopped", stop);
  }

  /** Go on where the server says that the chain ends: a finance or an administrator has looked at it. */
  async goOn(): Promise<void> {
    const { row, head } = this.stopped!;
    if (head) await this.exclusively(() => shelf.goOn(row, head));
    this.stopped = null;
    await shelf.keepSetting("stopped", null);
    await this.count();
  }

  /** This device was ended at the server: it may do nothing more. */
  end(): void {
    this.revoked = true;
    void shelf.keepSetting("revoked", true);
    this.hear(false);
  }

  async forget(): Promise<void> {
    await shelf.forgetDevice();
    link.use(null);
    [this.device, this.pack, this.person, this.outlet, this.shift, this.stopped, this.receipt] = [null, null, null, null, null, null, null];
    [this.revoked, this.training] = [false, false];
    await this.count();
  }
}

export const till = new Till();
