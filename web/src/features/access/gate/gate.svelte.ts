/** The gate's device as its screens see it: who it is, what it knows, what it has just shown. */
import type { Device } from "../../../shared/devices/pairing";
import { connection } from "../../../shared/runtime/connection.svelte";
import type { Verdict } from "../../../shared/passes/verify";
import type { Decision, Presence } from "./decide";
import { Ground } from "./ground";
import { crossed, eventOf, isTorn, judged, knowsBetter, Memory, proven, proveTime, unanswered } from "./judge";
import { DARK, ofAnswer, ofDecision, type Light } from "./light";
import { gone, leaving, ofLeaving } from "./leaving";
import { link, time } from "./link";
import { flush, keep, keepForNow, send, signed, takeBack, UNDO_MS } from "./outbox";
import { Repeats } from "./repeats";
import { labelOf, learnGround } from "./seats";
import { shelf, type Counters, type KeptSeen } from "./shelf";
import { give } from "./signals";
import type { Override, ScanBody } from "./wire";

/** How long the server may take about one scan, and how long the device decides alone after it took longer. */
const ASK_LIMIT_MS = 400;
const ALONE_MS = 10_000;
/** Whoever began longer ago signs in again. */
const SHIFT_MAX_MS = 16 * 3_600_000;

export interface Person {
  id: string;
  name: string;
  supervisor: boolean;
  since: number;
  /** The gates and gate groups of their role, null for all. */
  posts: readonly string[] | null;
}
/** Whom the gate lets through: people who come, or people who leave. */
export type Direction = "entrance" | "exit";

/** How long the last one took, for benchmarks/gate_offline.py: one entry of a name, whatever the evening brings. */
function timed(name: string, start: number): void {
  performance.clearMeasures(name);
  performance.measure(name, { start });
}

const NOTHING: Counters = { day: "", admitted: 0, refused: 0, again: 0, overridden: 0, left: 0, uncoded: 0 };
const COUNTED_AS = { good: "admitted", bad: "refused", again: "again", out: "left" } as const;

class Gate {
  device = $state.raw<Device | null>(null);
  ground = $state.raw<Ground | null>(null);
  /** Counts what came from the server, so that screens look at the ground anew. */
  heard = $state(0);
  code = $state<string | null>(null);
  person = $state.raw<Person | null>(null);
  online = $state(false);
  /** Whether the device's time is the server's. */
  timeTrusted = $state(false);
  offlineSince = $state<number | null>(null);
  backlog = $state(0);
  battery = $state<number | null>(null);
  training = $state(false);
  direction = $state<Direction>("entrance");
  /** The device could not keep something: its storage is full. */
  full = $state(false);
  /** Who was counted out by hand a moment ago and may be taken back. */
  undoable = $state.raw<{ number: number; training: boolean }[]>([]);
  light = $state.raw<Light | null>(null);
  counters = $state.raw<Counters>(NOTHING);
  revoked = $state(false);
  ready = $state(false);
  readonly memory = new Memory();
  #aloneUntil = 0;
  #busy = false;
  #turnstile: Promise<unknown> = Promise.resolve();
  #turn = 0;
  readonly #repeats = new Repeats();

  /** What the device kept, before anything else is asked; `anew` after another window has been the gate. */
  async restore(anew = false): Promise<void> {
    if (this.ready && !anew) return;
    await time.restore();
    this.device = (await shelf.device()) ?? null;
    link.use(this.device?.token ?? null);
    this.backlog = await shelf.backlog();
    this.code = (await shelf.setting<string | null>("code")) ?? null;
    this.training = (await shelf.setting<boolean>("training")) ?? false;
    this.direction = (await shelf.setting<Direction>("direction")) ?? "entrance";
    this.revoked = (await shelf.setting<boolean>("revoked")) ?? false;
    this.person = (await shelf.setting<Person | null>("person")) ?? null;
    this.counters = { ...NOTHING, ...(await shelf.setting<Counters>("counters")) };
    const eventId = await shelf.setting<string | null>("event");
    const kept = eventId ? await shelf.pack(eventId) : undefined;
    if (kept) this.stand(await Ground.of(kept, await shelf.changes(), await shelf.seen()));
    this.ready = true;
  }

  stand(ground: Ground | null): void {
    this.ground = ground;
    this.heard += 1;
    if (!ground) return;
    void shelf.keepSetting("event", ground.pack.event.id);
    const groups = Object.values(ground.gates).flatMap((state) => state.groups);
    void learnGround(new Set(groups));
  }

  choose(code: string | null): void {
    this.code = code;
    this.light = null;
    void shelf.keepSetting("code", code);
  }

  enter(person: Person | null): void {
    this.person = person;
    this.light = null;
    void shelf.keepSetting("person", person);
    if (person) this.#add("admitted", 0);
  }

  /** A shift ends by the server's time alone: a device that lost it must not send its steward away. */
  endLongShift(): void {
    if (this.person && time.trusted && time.now() - this.person.since >= SHIFT_MAX_MS) this.enter(null);
  }

  train(on: boolean): void {
    this.training = on;
    this.light = null;
    void shelf.keepSetting("training", on);
  }

  direct(direction: Direction): void {
    this.direction = direction;
    this.light = null;
    void shelf.keepSetting("direction", direction);
  }

  clear(): void {
    this.light = null;
  }

  /** The server was heard, or not. */
  hear(online: boolean): void {
    if (online === this.online && (online || this.offlineSince !== null)) return;
    this.online = online;
    this.offlineSince = online ? null : (this.offlineSince ?? time.now());
  }

  /** Run one after the other: a scan, or a change of what the device knows. */
  exclusively<Result>(act: () => Promise<Result>): Promise<Result> {
    const mine = this.#turnstile.then(act);
    this.#turnstile = mine.catch(() => undefined);
    return mine;
  }

  /** Whether the role of whoever signed in covers a gate. */
  worksAt(code: string): boolean {
    if (!this.person) return false;
    const { posts } = this.person;
    return !posts || posts.includes(code) || posts.includes(this.ground?.gates[code]?.groups[0] ?? "");
  }

  /** One text before the camera or from a hand scanner; the light follows. Texts that come while one is judged are dropped. */
  async scan(text: string, seenAt: number | null = null): Promise<void> {
    if (this.#busy || this.revoked || !this.ground || !this.code || !this.device || !this.worksAt(this.code)) return;
    if (seenAt !== null && this.#repeats.isSame(text)) return;
    this.#busy = true;
    const began = performance.now();
    try {
      await this.exclusively(() => this.#take(text, seenAt, began));
    } catch (error) {
      this.#notKept(error, text);
    } finally {
      this.#busy = false;
    }
  }

  async #take(text: string, seenAt: number | null, began: number): Promise<void> {
    const [ground, code, now] = [this.ground!, this.code!, time.now()];
    const isExit = this.direction === "exit";
    this.timeTrusted = time.trusted;
    if (isTorn(text)) {
      this.#repeats.judged(text, null);
      return this.#show({ ...DARK, signal: "again", reason: "torn" });
    }
    if (!isExit && time.trusted && ground.expired(now) && !this.online) return this.#show({ ...DARK, signal: "bad", reason: "no_pack" });
    const verdict = await proven(ground, text, now, time.trusted);
    const { claims } = verdict;
    proveTime(time, verdict);
    if (seenAt !== null && this.#repeats.isSamePass(claims?.number ?? null)) return;
    const shown = isExit ? await this.#leave(text, verdict, now) : await this.#judge(text, verdict, now, began);
    if (shown === null) return;
    const letThrough = shown.signal === "good" || (shown.signal === "out" && !shown.unproved);
    this.#repeats.judged(text, letThrough ? (claims?.number ?? null) : null);
    const other = shown.reason === "other_event" || shown.reason === "expired" ? eventOf(ground, text, claims) : null;
    const group = shown.group ?? claims?.gate_group ?? null;
    const hint = shown.hint ?? (group ? ground.hint(code, group) : null);
    const paper = claims !== null && claims.holder === null;
    this.#show({ ...shown, other, group, hint, paper, number: shown.number ?? claims?.number ?? null, generation: claims?.generation ?? null });
    requestAnimationFrame(() => timed("gate:light", seenAt ?? began));
    if (!shown.label && claims) void this.#name(claims.place);
  }

  /** An entrance: the server decides, else this device. Null where the device was ended meanwhile. */
  async #judge(text: string, verdict: Verdict, now: number, began: number): Promise<Omit<Light, "turn"> | null> {
    const [ground, code, number] = [this.ground!, this.code!, verdict.claims?.number ?? -1];
    const before = ground.known(number);
    const mayAsk = this.#mayAsk() && !knowsBetter(ground, code, verdict.claims, this.backlog);
    const asked = mayAsk ? await this.#ask(text, ground, code) : null;
    if (this.revoked) return null;
    if (asked?.signal === "again" && verdict.claims && verdict.step !== null) {
      this.memory.amber(verdict.claims.number, verdict.step, now);
    }
    if (asked) return asked;
    const known = unanswered(before, ground.known(number), code);
    const found = judged(ground, code, verdict, known, this.memory, now, time.trusted);
    timed("gate:decision", began);
    const shown = await this.#alone(text, found, now);
    return { ...shown, waitsElsewhere: shown.reason === "already_inside" && known.presence?.state === "pending" };
  }

  /** An exit: this device alone, for whoever leaves waits for no answer. What names no pass is counted by hand. */
  async #leave(text: string, verdict: Verdict, now: number): Promise<Omit<Light, "turn">> {
    const [ground, gate] = [this.ground!, this.code!];
    const found = leaving(verdict, ground, gate, now, time.trusted);
    if (found.type === "left") {
      const { number, generation } = found.claims;
      const about = { ...this.#about(gate), at: new Date(now).toISOString(), kind: "left" as const, code: text, pass_number: number, generation, offline: !this.online };
      await this.#keep(about, number, 0, found.unproved ? null : gone(found.before, gate, now));
    }
    return { ...ofLeaving(found), training: this.training };
  }

  #mayAsk(): boolean {
    return this.online && connection.online && performance.now() >= this.#aloneUntil;
  }

  /** Ask the server, within its limit; null where the device must decide alone. */
  async #ask(text: string, ground: Ground, gate: string): Promise<Omit<Light, "turn"> | null> {
    const ask = await signed(this.device!, { ...this.#about(gate), kind: "ask", code: text, offline: false });
    const reply = await send([ask], ASK_LIMIT_MS);
    if (!reply.ok && reply.status === 401) this.end();
    const answer = reply.ok ? reply.data.answers[0] : null;
    if (!answer || answer.outcome === "noted") {
      this.#aloneUntil = performance.now() + ALONE_MS;
      return null;
    }
    const shown = { ...ofAnswer(answer, ground, gate), training: this.training };
    if (shown.signal === "good" && !this.training && shown.number !== null) {
      const seen = this.#sight(shown.number, 0, crossed(ground, gate, time.now()));
      ground.saw(seen);
      // The server keeps this crossing: the light is true also where the device cannot keep it too.
      void shelf.keepSeen({ ...seen, scan: ask.number }).catch(() => (this.full = true));
    }
    return shown;
  }

  #about(gate: string): Pick<ScanBody, "event_id" | "gate" | "at" | "person_id" | "training"> {
    const person = this.person ? { person_id: this.person.id } : {};
    return { event_id: this.ground!.pack.event.id, gate, at: time.iso(), training: this.training, ...person };
  }

  #sight(number: number, generation: number, presence: Presence): KeptSeen {
    return { event_id: this.ground!.pack.event.id, number, generation, presence };
  }

  /** Keep a scan with what it says of its pass, and know it only then: a light without its scan would let in twice. */
  async #keep(about: Omit<ScanBody, "number">, number: number | null, generation: number, presence: Presence | null): Promise<void> {
    const seen = number !== null && presence && !this.training ? this.#sight(number, generation, presence) : null;
    await keep(this.device!, about, seen);
    this.full = false;
    if (seen) this.ground!.saw(seen);
    this.backlog += 1;
    if (this.online) void this.sync();
  }

  /** The device's own decision: on the disk before it is shown. */
  async #alone(text: string, found: Decision, now: number): Promise<Omit<Light, "turn">> {
    const [ground, gate] = [this.ground!, this.code!];
    const shown = { ...ofDecision(found, ground, gate), training: this.training };
    if (found.type === "again") return shown;
    const { claims } = found;
    const letIn = found.type === "admitted";
    const about = {
      ...this.#about(gate),
      at: new Date(now).toISOString(),
      kind: letIn ? (shown.pending ? ("admitted" as const) : ("passed" as const)) : ("refused" as const),
      code: text.slice(0, 500),
      ...(claims ? { pass_number: claims.number, generation: claims.generation } : {}),
      ...(shown.reason ? { reason: shown.reason } : {}),
      offline: true,
    };
    await this.#keep(about, claims?.number ?? null, claims?.generation ?? 0, letIn ? crossed(ground, gate, now) : null);
    return shown;
  }

  async sync(): Promise<void> {
    this.backlog = await flush(this.device!);
  }

  /** Let somebody in against the light, or without a code; the steward says why. */
  async override(number: number, generation: number, why: Override): Promise<void> {
    await this.exclusively(() => this.#override(number, generation, why)).catch((error) => this.#notKept(error));
  }

  async #override(number: number, generation: number, why: Override): Promise<void> {
    const [ground, gate] = [this.ground!, this.code!];
    const pending = ground.gates[gate]?.turnstile ?? false;
    const kind = pending ? ("admitted" as const) : ("passed" as const);
    const about = { ...this.#about(gate), kind, pass_number: number, generation, override: why, offline: !this.online };
    await this.#keep(about, number, generation, crossed(ground, gate, time.now()));
    const { label, group } = this.light?.number === number ? this.light : DARK;
    this.#show({ ...DARK, signal: "good", number, generation, label, group, pending, overridden: true, training: this.training });
  }

  /** Count one who leaves without a readable code; for a moment the steward may take it back. */
  async countOut(): Promise<void> {
    const about = { ...this.#about(this.code!), kind: "pulse" as const, lane: "out" as const, count: 1, offline: !this.online };
    try {
      const { training } = this;
      const number = await keepForNow(this.device!, about);
      this.backlog += 1;
      this.undoable = [...this.undoable, { number, training }];
      this.light = null;
      if (!training) this.#add("uncoded", 1);
      give("out");
      setTimeout(() => (this.undoable = this.undoable.filter((one) => one.number !== number)), UNDO_MS);
    } catch (error) {
      this.#notKept(error);
    }
  }

  /** Take back the last one that was counted out by hand. */
  async takeBack(): Promise<void> {
    const last = this.undoable.at(-1);
    this.undoable = this.undoable.slice(0, -1);
    if (!last || !(await takeBack(last.number))) return;
    this.backlog -= 1;
    if (!last.training) this.#add("uncoded", -1);
  }

  /** The device could not keep a scan: its storage is full or closed. Nobody is let in on what nobody would know of. */
  #notKept(error: unknown, text: string | null = null): void {
    reportError(error);
    this.full = true;
    if (text !== null) this.#repeats.judged(text, null);
    this.#show({ ...DARK, signal: "bad", reason: "not_kept" });
  }

  #show(shown: Omit<Light, "turn">): void {
    this.#turn += 1;
    this.light = { ...shown, training: this.training, turn: this.#turn };
    give(shown.signal);
    this.#count(this.light);
  }

  async #name(place: number): Promise<void> {
    const turn = this.#turn;
    const label = await labelOf(place);
    if (label && this.light?.turn === turn) this.light = { ...this.light, label };
  }

  #count(light: Light): void {
    const isNobody = light.exit === "unread" || light.exit === "left_before" || light.reason === "not_kept" || light.reason === "torn";
    if (light.training || isNobody) return;
    this.#add(COUNTED_AS[light.signal], 1);
    if (light.overridden) this.#add("overridden", 1);
  }

  #add(which: Exclude<keyof Counters, "day">, more: number): void {
    const day = `${this.person?.id ?? ""} ${new Date(time.now()).toISOString().slice(0, 10)}`;
    const before = this.counters.day === day ? this.counters : { ...NOTHING, day };
    this.counters = { ...before, [which]: Math.max(0, before[which] + more) };
    void shelf.keepSetting("counters", this.counters).catch(() => (this.full = true));
  }

  /** This device was ended at the server: it may do nothing more. */
  end(): void {
    this.revoked = true;
    void shelf.keepSetting("revoked", true);
    this.hear(false);
  }

  /** Stand for another event: the next pack is of the one that is chosen then. */
  leaveEvent(): void {
    void shelf.keepSetting("event", null);
    this.ground = null;
    this.choose(null);
  }

  async forget(): Promise<void> {
    await shelf.forgetDevice();
    void shelf.keepSetting("revoked", null);
    this.leaveEvent();
    link.use(null);
    [this.device, this.ground, this.revoked, this.light] = [null, null, false, null];
    this.enter(null);
  }
}

export const gate = new Gate();
