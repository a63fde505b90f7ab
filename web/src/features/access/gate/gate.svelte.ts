/** State of the gate for its screens. */
import type { Device } from "../../../shared/devices/pairing";
import { prefixOf } from "../../../shared/codes";
import { connection } from "../../../shared/runtime/connection.svelte";
import type { Verdict } from "../../../shared/passes/verify";
import { lacksName, type Decision, type Presence } from "./decide";
import { EventData } from "./eventData";
import { decideExit, presenceAfterExit, resultOfExit } from "./exit";
import { link, time } from "./link";
import {
  addCodeTime,
  decideLocally,
  hasUnsentAdmission,
  isPartialCode,
  otherEventOf,
  presenceAfterEntry,
  StaleCodes,
  statusAfterTimeout,
  verifyCode,
} from "./localDecision";
import type { OverrideReason, ScanBody } from "./messages";
import { flush, keepHeldScan, keepScan, send, signScan, undoScan, UNDO_MS } from "./outbox";
import { Repeats } from "./repeats";
import { EMPTY_RESULT, resultOfAnswer, resultOfDecision, type ScanResult, type ShownResult } from "./scanResult";
import { labelOf, loadVenue } from "./seats";
import { playSignal } from "./signals";
import { storage, type Counters, type StoredCrossing } from "./storage";

/** Time limit of the server for one scan, and how long the device decides by itself after a timeout. */
const DECISION_TIMEOUT_MS = 400;
const LOCAL_ONLY_MS = 10_000;
/** Maximum time of a sign-in. */
const SHIFT_MAX_MS = 16 * 3_600_000;

export interface Person {
  id: string;
  name: string;
  supervisor: boolean;
  since: number;
  /** Gates and gate groups of the role; null for all. */
  posts: readonly string[] | null;
}
export type Direction = "entrance" | "exit";

/** Duration of the last scan, for benchmarks/gate_offline.py. One entry per name, so that the buffer does not grow. */
function measure(name: string, start: number): void {
  performance.clearMeasures(name);
  performance.measure(name, { start });
}

const NO_COUNTS: Counters = { day: "", admitted: 0, refused: 0, again: 0, overridden: 0, left: 0, uncoded: 0 };
const COUNTER_OF_SIGNAL = { good: "admitted", bad: "refused", again: "again", out: "left" } as const;

class Gate {
  device = $state.raw<Device | null>(null);
  eventData = $state.raw<EventData | null>(null);
  /** Increases with each change of the event data, which is not reactive itself. */
  revision = $state(0);
  code = $state<string | null>(null);
  person = $state.raw<Person | null>(null);
  online = $state(false);
  /** Whether the device has the server's time. */
  timeTrusted = $state(false);
  offlineSince = $state<number | null>(null);
  backlog = $state(0);
  battery = $state<number | null>(null);
  training = $state(false);
  direction = $state<Direction>("entrance");
  /** A write failed: the storage is full. */
  storageFull = $state(false);
  /** Manual counts that can still be undone. */
  undoable = $state.raw<{ number: number; training: boolean }[]>([]);
  result = $state.raw<ShownResult | null>(null);
  counters = $state.raw<Counters>(NO_COUNTS);
  revoked = $state(false);
  ready = $state(false);
  readonly staleCodes = new StaleCodes();
  #localOnlyUntil = 0;
  #busy = false;
  #queue: Promise<unknown> = Promise.resolve();
  #sequence = 0;
  readonly #repeats = new Repeats();

  /** Restore the stored state; `again` after another window has been the gate. */
  async restore(again = false): Promise<void> {
    if (this.ready && !again) return;
    await time.restore();
    this.device = (await storage.device()) ?? null;
    link.use(this.device?.token ?? null);
    this.backlog = await storage.backlog();
    this.code = (await storage.setting<string | null>("code")) ?? null;
    this.training = (await storage.setting<boolean>("training")) ?? false;
    this.direction = (await storage.setting<Direction>("direction")) ?? "entrance";
    this.revoked = (await storage.setting<boolean>("revoked")) ?? false;
    this.person = (await storage.setting<Person | null>("person")) ?? null;
    this.counters = { ...NO_COUNTS, ...(await storage.setting<Counters>("counters")) };
    const eventId = await storage.setting<string | null>("event");
    const stored = eventId ? await storage.pack(eventId) : undefined;
    if (stored) this.useEvent(await EventData.load(stored, await storage.changes(), await storage.crossings()));
    this.ready = true;
  }

  useEvent(eventData: EventData | null): void {
    this.eventData = eventData;
    this.revision += 1;
    if (!eventData) return;
    void storage.keepSetting("event", eventData.pack.event.id);
    const groups = Object.values(eventData.gates).flatMap((state) => state.groups);
    void loadVenue(eventData.pack.event.venue_version ?? null, new Set(groups));
  }

  chooseGate(code: string | null): void {
    this.code = code;
    this.result = null;
    void storage.keepSetting("code", code);
  }

  setPerson(person: Person | null): void {
    this.person = person;
    this.result = null;
    void storage.keepSetting("person", person);
    if (person) this.#increment("admitted", 0);
  }

  /** Sign out after the maximum time; by trusted time only, as the device's clock may be wrong. */
  endLongShift(): void {
    if (this.person && time.trusted && time.now() - this.person.since >= SHIFT_MAX_MS) this.setPerson(null);
  }

  setTraining(on: boolean): void {
    this.training = on;
    this.result = null;
    void storage.keepSetting("training", on);
  }

  setDirection(direction: Direction): void {
    this.direction = direction;
    this.result = null;
    void storage.keepSetting("direction", direction);
  }

  clearResult(): void {
    this.result = null;
  }

  setOnline(online: boolean): void {
    if (online === this.online && (online || this.offlineSince !== null)) return;
    this.online = online;
    this.offlineSince = online ? null : (this.offlineSince ?? time.now());
  }

  /** Run scans and changes of the event data one after the other. */
  exclusive<Result>(act: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(act);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Whether the signed-in role covers a gate. */
  mayWorkAt(code: string): boolean {
    if (!this.person) return false;
    const { posts } = this.person;
    return !posts || posts.includes(code) || posts.includes(prefixOf(code) + (this.eventData?.gates[code]?.groups[0] ?? ""));
  }

  /** Process a text from the camera or a hand scanner. Texts that arrive meanwhile, or during a check, are dropped. */
  async scan(text: string, seenAt: number | null = null): Promise<void> {
    if (this.#busy || this.revoked || !this.eventData || !this.code || !this.device || !this.mayWorkAt(this.code)) return;
    if (this.result?.identityCheck || (seenAt !== null && this.#repeats.isSame(text))) return;
    this.#busy = true;
    const began = performance.now();
    try {
      await this.exclusive(() => this.#process(text, seenAt, began));
    } catch (error) {
      this.#showWriteError(error, text);
    } finally {
      this.#busy = false;
    }
  }

  async #process(text: string, seenAt: number | null, began: number): Promise<void> {
    const [eventData, code, now] = [this.eventData!, this.code!, time.now()];
    const isExit = this.direction === "exit";
    this.timeTrusted = time.trusted;
    if (isPartialCode(text)) {
      this.#repeats.note(text, null);
      return this.#show({ ...EMPTY_RESULT, signal: "again", reason: "torn" });
    }
    if (!isExit && time.trusted && eventData.expired(now) && !this.online) return this.#show({ ...EMPTY_RESULT, signal: "bad", reason: "no_pack" });
    const verdict = await verifyCode(eventData, text, now, time.trusted);
    const { claims } = verdict;
    addCodeTime(time, verdict);
    if (seenAt !== null && this.#repeats.isSamePass(claims?.number ?? null)) return;
    const result = isExit ? await this.#recordExit(text, verdict, now) : await this.#decideEntry(text, verdict, now, began);
    if (result === null) return;
    const letThrough = result.signal === "good" || (result.signal === "out" && !result.unproved);
    this.#repeats.note(text, letThrough ? (claims?.number ?? null) : null);
    const other = result.reason === "other_event" || result.reason === "expired" ? otherEventOf(eventData, text, claims) : null;
    const group = result.group ?? claims?.gate_group ?? null;
    const hint = result.hint ?? (group ? eventData.hint(code, group) : null);
    const paper = claims !== null && claims.holder === null;
    this.#show({ ...result, other, group, hint, paper, number: result.number ?? claims?.number ?? null, generation: claims?.generation ?? null });
    requestAnimationFrame(() => measure("gate:light", seenAt ?? began));
    if (!result.label && claims) void this.#addLabel(claims.place);
  }

  /** Decide at an entrance: the server, else this device. Null if the device was revoked meanwhile. */
  async #decideEntry(text: string, verdict: Verdict, now: number, began: number): Promise<ScanResult | null> {
    const [eventData, code, number] = [this.eventData!, this.code!, verdict.claims?.number ?? -1];
    const before = eventData.statusOf(number);
    const mayAsk = this.#canAsk() && !hasUnsentAdmission(eventData, code, verdict.claims, this.backlog);
    const answered = mayAsk ? await this.#ask(text, eventData, code) : null;
    if (this.revoked) return null;
    if (answered?.signal === "again" && verdict.claims && verdict.step !== null) {
      this.staleCodes.add(verdict.claims.number, verdict.step, now);
    }
    if (answered) return answered;
    const { name, ...identity } = await eventData.identityOf(number);
    const status = { ...statusAfterTimeout(before, eventData.statusOf(number), code), ...identity };
    const decision = decideLocally(eventData, code, verdict, status, this.staleCodes, now, time.trusted);
    measure("gate:decision", began);
    const result = await this.#storeDecision(text, decision, now);
    return {
      ...result,
      name: result.identityCheck ? name : null,
      unnamed: decision.type === "admitted" && lacksName(eventData.contextOf(code), status, now, time.trusted),
      pendingElsewhere: result.reason === "already_inside" && status.presence?.state === "pending",
    };
  }

  /** Record an exit without asking the server: people who leave do not wait. Unreadable codes are counted by hand. */
  async #recordExit(text: string, verdict: Verdict, now: number): Promise<ScanResult> {
    const [eventData, gate] = [this.eventData!, this.code!];
    const decision = decideExit(verdict, eventData, gate, now, time.trusted);
    if (decision.type === "left") {
      const { number, generation } = decision.claims;
      const scan = { ...this.#scanAt(gate), at: new Date(now).toISOString(), kind: "left" as const, code: text, pass_number: number, generation, offline: !this.online };
      const presence = decision.unproved ? null : presenceAfterExit(decision.previous, gate, now);
      await this.#store(scan, presence && this.#crossing(number, 0, presence));
    }
    return { ...resultOfExit(decision), training: this.training };
  }

  #canAsk(): boolean {
    return this.online && connection.online && performance.now() >= this.#localOnlyUntil;
  }

  /** Ask the server for a decision; null after a timeout. */
  async #ask(text: string, eventData: EventData, gate: string): Promise<ScanResult | null> {
    const scan = await signScan(this.device!, { ...this.#scanAt(gate), kind: "ask", code: text, offline: false });
    const reply = await send([scan], DECISION_TIMEOUT_MS);
    if (!reply.ok && reply.status === 401) this.revoke();
    const answer = reply.ok ? reply.data.answers[0] : null;
    if (!answer || answer.outcome === "noted") {
      this.#localOnlyUntil = performance.now() + LOCAL_ONLY_MS;
      return null;
    }
    const result = { ...resultOfAnswer(answer, eventData, gate), training: this.training };
    if (result.signal === "good" && !this.training && result.number !== null) {
      const crossing = this.#crossing(result.number, 0, presenceAfterEntry(eventData, gate, time.now()));
      eventData.addCrossing(crossing);
      // The server has stored this crossing, so the result stands even if the device cannot store it.
      void storage.keepCrossing({ ...crossing, scan: scan.number }).catch(() => (this.storageFull = true));
    }
    return result;
  }

  #scanAt(gate: string): Pick<ScanBody, "event_id" | "gate" | "at" | "person_id" | "training"> {
    const person = this.person ? { person_id: this.person.id } : {};
    return { event_id: this.eventData!.pack.event.id, gate, at: time.iso(), training: this.training, ...person };
  }

  #crossing(number: number, generation: number, presence: Presence | null): StoredCrossing {
    return { event_id: this.eventData!.pack.event.id, number, generation, presence };
  }

  /** Store a scan, then apply its crossing: a result without a stored scan could admit the pass twice. */
  async #store(scan: Omit<ScanBody, "number">, crossing: StoredCrossing | null): Promise<void> {
    const counted = this.training ? null : crossing;
    await keepScan(this.device!, scan, counted);
    this.storageFull = false;
    if (counted) this.eventData!.addCrossing(counted);
    this.backlog += 1;
    if (this.online) void this.sync();
  }

  /** Store a decision of this device before it is shown. */
  async #storeDecision(text: string, decision: Decision, now: number): Promise<ScanResult> {
    const [eventData, gate] = [this.eventData!, this.code!];
    const result = { ...resultOfDecision(decision, eventData, gate), training: this.training };
    if (decision.type === "again") return result;
    const { claims } = decision;
    const isAdmitted = decision.type === "admitted";
    const scan = {
      ...this.#scanAt(gate),
      at: new Date(now).toISOString(),
      kind: isAdmitted ? (result.pending ? ("admitted" as const) : ("passed" as const)) : ("refused" as const),
      code: text.slice(0, 500),
      ...(claims ? { pass_number: claims.number, generation: claims.generation } : {}),
      ...(result.reason ? { reason: result.reason } : {}),
      offline: true,
    };
    await this.#store(scan, isAdmitted ? this.#crossing(claims!.number, claims!.generation, presenceAfterEntry(eventData, gate, now)) : null);
    return result;
  }

  async sync(): Promise<void> {
    this.backlog = await flush(this.device!);
  }

  /** Admit a pass against the decision, or without a code, with a reason. */
  async override(number: number, generation: number, reason: OverrideReason): Promise<void> {
    await this.exclusive(() => this.#override(number, generation, reason)).catch((error) => this.#showWriteError(error));
  }

  async #override(number: number, generation: number, reason: OverrideReason): Promise<void> {
    const [eventData, gate] = [this.eventData!, this.code!];
    const pending = eventData.gates[gate]?.turnstile ?? false;
    const kind = pending ? ("admitted" as const) : ("passed" as const);
    const scan = { ...this.#scanAt(gate), kind, pass_number: number, generation, override: reason, offline: !this.online };
    await this.#store(scan, this.#crossing(number, generation, presenceAfterEntry(eventData, gate, time.now())));
    const { label, group } = this.result?.number === number ? this.result : EMPTY_RESULT;
    this.#show({ ...EMPTY_RESULT, signal: "good", number, generation, label, group, pending, overridden: true, training: this.training });
  }

  /** Answer the identity check of the shown result. A mismatch takes the entry back. */
  async answerCheck(matches: boolean): Promise<void> {
    const result = this.result;
    if (!result?.identityCheck) return;
    // The next code may be scanned at once: it is processed after this answer.
    this.result = null;
    await this.exclusive(() => this.#answerCheck(result, matches)).catch((error) => this.#showWriteError(error));
  }

  async #answerCheck(result: ShownResult, matches: boolean): Promise<void> {
    const { number, label, group } = result;
    if (number === null) return;
    const generation = result.generation ?? 0;
    const kind = matches ? ("matched" as const) : ("mismatched" as const);
    const scan = { ...this.#scanAt(this.code!), kind, pass_number: number, generation, offline: !this.online };
    await this.#store(scan, matches ? null : this.#crossing(number, generation, null));
    if (matches) return;
    if (!this.training) this.#increment("admitted", -1);
    this.#show({ ...EMPTY_RESULT, signal: "bad", reason: "identity_mismatch", number, generation, label, group });
  }

  /** Count a person who leaves without a readable code; the steward may undo it for a moment. */
  async countOut(): Promise<void> {
    const scan = { ...this.#scanAt(this.code!), kind: "pulse" as const, lane: "out" as const, count: 1, offline: !this.online };
    try {
      const { training } = this;
      const number = await keepHeldScan(this.device!, scan);
      this.backlog += 1;
      this.undoable = [...this.undoable, { number, training }];
      this.result = null;
      if (!training) this.#increment("uncoded", 1);
      playSignal("out");
      setTimeout(() => (this.undoable = this.undoable.filter((count) => count.number !== number)), UNDO_MS);
    } catch (error) {
      this.#showWriteError(error);
    }
  }

  /** Undo the last manual count. */
  async undoCountOut(): Promise<void> {
    const last = this.undoable.at(-1);
    this.undoable = this.undoable.slice(0, -1);
    if (!last || !(await undoScan(last.number))) return;
    this.backlog -= 1;
    if (!last.training) this.#increment("uncoded", -1);
  }

  /** A scan could not be stored, so it is refused: the server would never learn of the admission. */
  #showWriteError(error: unknown, text: string | null = null): void {
    reportError(error);
    this.storageFull = true;
    if (text !== null) this.#repeats.note(text, null);
    this.#show({ ...EMPTY_RESULT, signal: "bad", reason: "not_kept" });
  }

  #show(result: ScanResult): void {
    this.#sequence += 1;
    this.result = { ...result, training: this.training, sequence: this.#sequence };
    playSignal(result.identityCheck ? "again" : result.signal);
    this.#count(this.result);
  }

  async #addLabel(place: number): Promise<void> {
    const sequence = this.#sequence;
    const label = await labelOf(place);
    if (label && this.result?.sequence === sequence) this.result = { ...this.result, label };
  }

  #count(result: ScanResult): void {
    const isUncounted = result.exit === "unread" || result.exit === "left_before" || result.reason === "not_kept" || result.reason === "torn";
    if (result.training || isUncounted) return;
    this.#increment(COUNTER_OF_SIGNAL[result.signal], 1);
    if (result.overridden) this.#increment("overridden", 1);
  }

  #increment(counter: Exclude<keyof Counters, "day">, by: number): void {
    const day = `${this.person?.id ?? ""} ${new Date(time.now()).toISOString().slice(0, 10)}`;
    const counters = this.counters.day === day ? this.counters : { ...NO_COUNTS, day };
    this.counters = { ...counters, [counter]: Math.max(0, counters[counter] + by) };
    void storage.keepSetting("counters", this.counters).catch(() => (this.storageFull = true));
  }

  /** The server revoked this device. */
  revoke(): void {
    this.revoked = true;
    void storage.keepSetting("revoked", true);
    this.setOnline(false);
  }

  leaveEvent(): void {
    void storage.keepSetting("event", null);
    this.eventData = null;
    this.chooseGate(null);
  }

  /** The device was moved to another venue, or the event is over: forget it with its pack. Scans that wait are uploaded as before. */
  async forgetEvent(): Promise<void> {
    await this.exclusive(async () => {
      this.leaveEvent();
      this.setPerson(null);
      await storage.dropPack();
    });
  }

  async unpair(): Promise<void> {
    await storage.forgetDevice();
    void storage.keepSetting("revoked", null);
    this.leaveEvent();
    link.use(null);
    [this.device, this.eventData, this.revoked, this.result] = [null, null, false, null];
    this.setPerson(null);
  }
}

export const gate = new Gate();
