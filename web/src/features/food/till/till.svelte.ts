/** State of the till for its screens. */
import type { Device } from "../../../shared/devices/pairing";
import { i18n, UNNAMED_ZONE } from "../../../shared/i18n/i18n.svelte";
import { connection } from "../../../shared/runtime/connection.svelte";
import { totalOf, type Written } from "../../fiscal/record";
import type { Catalogue } from "../rules/catalogue";
import { sum, type Spent } from "./offline";
import { link, time } from "./link";
import { storage } from "./storage";
import type { Shift } from "./shift";
import { flush, type Flushed, type Stop } from "./upload";
import type { Pack } from "./messages";

/** Maximum time of a sign-in. */
const SIGNED_IN_MAX_MS = 16 * 3_600_000;

export interface Person {
  id: string;
  name: string;
  supervisor: boolean;
  since: number;
}

/** Receipt on the screen: a sale, a refund, or a reprint. */
export interface Receipt {
  written: Written;
  offline: boolean;
  available: number | null;
  /** Card holder, while on the screen. */
  holder: string | null;
  /** Cash received, for the change. */
  given: number | null;
  again: boolean;
}

/** Result of an interrupted sale. */
export type Notice = { kind: "found_paid" | "found_refused" | "given_back" | "refund_stands" | "card_returned"; cents: number };

class Till {
  device = $state.raw<Device | null>(null);
  pack = $state.raw<Pack | null>(null);
  /** Time of the pack, by the server's clock. */
  packAt = $state(0);
  person = $state.raw<Person | null>(null);
  outlet = $state<string | null>(null);
  shift = $state.raw<Shift | null>(null);
  training = $state(false);
  online = $state(false);
  offlineSince = $state<number | null>(null);
  backlog = $state(0);
  /** Offline card payments that are not uploaded yet. */
  spent = $state.raw<Spent[]>([]);
  receipt = $state.raw<Receipt | null>(null);
  notice = $state.raw<Notice | null>(null);
  stopped = $state.raw<Stop | null>(null);
  revoked = $state(false);
  /** The storage is full, so nothing can be sold. */
  full = $state(false);
  ready = $state(false);
  #turnstile: Promise<unknown> = Promise.resolve();

  readonly used = $derived(sum(this.spent));
  readonly catalogue: Catalogue | null = $derived(this.pack?.outlets.find(({ code }) => code === this.outlet)?.catalogue ?? null);

  /** Restore the stored state; `again` after another window has been the till. */
  async restore(again = false): Promise<void> {
    if (this.ready && !again) return;
    await time.restore();
    this.device = (await storage.device()) ?? null;
    link.use(this.device?.token ?? null);
    this.pack = (await storage.setting<Pack>("pack")) ?? null;
    i18n.zone = this.pack?.time_zone ?? UNNAMED_ZONE;
    this.packAt = (await storage.setting<number>("packAt")) ?? 0;
    this.outlet = (await storage.setting<string>("outlet")) ?? null;
    this.shift = (await storage.setting<Shift>("shift")) ?? null;
    this.training = (await storage.setting<boolean>("training")) ?? false;
    this.stopped = (await storage.setting<Stop>("stopped")) ?? null;
    this.revoked = (await storage.setting<boolean>("revoked")) ?? false;
    const person = (await storage.setting<Person>("person")) ?? null;
    this.person = person && time.now() - person.since < SIGNED_IN_MAX_MS ? person : null;
    await this.count();
    this.ready = true;
  }

  /** Count waiting records and used offline limits. */
  async count(): Promise<void> {
    const waiting = await storage.waiting();
    this.backlog = waiting.length;
    this.spent = waiting.flatMap(({ spent }) => spent);
  }

  usePack(pack: Pack): void {
    this.pack = pack;
    this.packAt = time.now();
    i18n.zone = pack.time_zone ?? UNNAMED_ZONE;
    void storage.keepSetting("pack", pack);
    void storage.keepSetting("packAt", this.packAt);
    const codes = pack.outlets.map(({ code }) => code);
    if (this.outlet && !codes.includes(this.outlet)) this.choose(null);
    if (!this.outlet && codes.length === 1) this.choose(codes[0]!);
  }

  choose(outlet: string | null): void {
    this.outlet = outlet;
    void storage.keepSetting("outlet", outlet);
  }

  signIn(person: Person | null): void {
    this.person = person;
    this.receipt = null;
    void storage.keepSetting("person", person);
  }

  setShift(shift: Shift | null): void {
    this.shift = shift;
    void storage.keepSetting("shift", shift);
  }

  setTraining(on: boolean): void {
    this.training = on;
    this.receipt = null;
    void storage.keepSetting("training", on);
  }

  show(written: Written, more: Partial<Omit<Receipt, "written">> = {}): void {
    this.receipt = { written, offline: false, available: null, holder: null, given: null, again: false, ...more };
  }

  notify(kind: Notice["kind"], written: Written): void {
    this.tell(kind, totalOf(written.record) + written.record.tip_cents);
  }

  tell(kind: Notice["kind"], cents: number): void {
    this.notice = { kind, cents };
  }

  /** Record whether the server answered. */
  setOnline(online: boolean): void {
    if (online === this.online && (online || this.offlineSince !== null)) return;
    this.online = online;
    this.offlineSince = online ? null : (this.offlineSince ?? time.now());
  }

  /** Whether to sell online: after a timeout the till stays offline until the next heartbeat. */
  mayAsk(): boolean {
    return this.online && connection.online;
  }

  /** Run acts that read or extend a chain one after the other. */
  exclusive<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#turnstile.then(act);
    this.#turnstile = result.catch(() => undefined);
    return result;
  }

  /** Upload waiting records. */
  async sync(limitMs?: number): Promise<Flushed> {
    const found = await flush(limitMs);
    await this.count();
    if (found === "revoked") this.revoke();
    else if (typeof found === "object") this.stop(found);
    return found;
  }

  /** Stop selling until finance has checked the till. */
  stop(stop: Stop): void {
    this.stopped = stop;
    void storage.keepSetting("stopped", stop);
  }

  /** Resume after the server's last record, confirmed by finance or an administrator. */
  async resume(): Promise<void> {
    const { row, head } = this.stopped!;
    if (head) await this.exclusive(() => storage.resume(row, head));
    this.stopped = null;
    await storage.keepSetting("stopped", null);
    await this.count();
  }

  /** The device was revoked at the server. */
  revoke(): void {
    this.revoked = true;
    void storage.keepSetting("revoked", true);
    this.setOnline(false);
  }

  async unpair(): Promise<void> {
    await storage.forgetDevice();
    link.use(null);
    [this.device, this.pack, this.person, this.outlet, this.shift, this.stopped, this.receipt] = [null, null, null, null, null, null, null];
    [this.revoked, this.training] = [false, false];
    await this.count();
  }
}

export const till = new Till();
