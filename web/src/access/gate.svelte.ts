/** The gate's device as its screens see it: who it is, what it knows, what it has just shown. */
import { connection } from "../kernel/connection.svelte";
import type { Decision } from "./decide";
import { Ground } from "./ground";
import { crossed, eventOf, judged, Memory, proven } from "./judge";
import { DARK, ofAnswer, ofDecision, type Light } from "./light";
import { useToken } from "./link";
import { flush, keep, send, signed } from "./outbox";
import { labelOf, learnGround } from "./seats";
import { shelf, type Counters, type Device, type KeptSeen } from "./shelf";
import { give } from "./signals";
import { time } from "./time";
import type { ScanBody } from "./wire";

/** How long the server may take about one scan, and how long the device decides alone after it took longer. */
const ASK_LIMIT_MS = 400;
const ALONE_MS = 10_000;
/** The same code before the camera is the same scan, and so is the same pass just after it was let in. */
const SAME_TEXT_MS = 8_000;
const SAME_PASS_MS = 5_000;
/** Whoever began longer ago signs in again. */
const SHIFT_MAX_MS = 16 * 3_600_000;

export interface Person {
  id: string;
  name: string;
  supervisor: boolean;
  since: number;
}
export type Override = "no_phone" | "broken_phone" | "checked_by_supervisor" | "system_error";

/** How long the last one took, for benchmarks/gate_offline.py: one entry of a name, whatever the evening brings. */
function timed(name: string, start: number): void {
  performance.clearMeasures(name);
  performance.measure(name, { start });
}

const NOTHING: Counters = { day: "", admitted: 0, refused: 0, again: 0, overridden: 0 };

class Gate {
  device = $state.raw<Device | null>(null);
  ground = $state.raw<Ground | null>(null);
  /** Counts what came from the server, so that screens look at the ground anew. */
  heard = $state(0);
  code = $state<string | null>(null);
  person = $state.raw<Person | null>(null);
  online = $state(false);
  offlineSince = $state<number | null>(null);
  backlog = $state(0);
  battery = $state<number | null>(null);
  training = $state(false);
  light = $state.raw<Light | null>(null);
  counters = $state.raw<Counters>(NOTHING);
  revoked = $state(false);
  ready = $state(false);
  readonly memory = new Memory();
  #aloneUntil = 0;
  #busy = false;
  #turn = 0;
  #last: { text: string; number: number | null; letIn: boolean; at: number } | null = null;

  /** What the device kept, before anything else is asked. */
  async restore(): Promise<void> {
    if (this.ready) return;
    await time.restore();
    this.device = (await shelf.device()) ?? null;
    useToken(this.device?.token ?? null);
    this.backlog = await shelf.backlog();
    this.code = (await shelf.setting<string | null>("code")) ?? null;
    this.training = (await shelf.setting<boolean>("training")) ?? false;
    this.revoked = (await shelf.setting<boolean>("revoked")) ?? false;
    const person = (await shelf.setting<Person | null>("person")) ?? null;
    this.person = person && time.now() - person.since < SHIFT_MAX_MS ? person : null;
    this.counters = (await shelf.setting<Counters>("counters")) ?? NOTHING;
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
    if (person) this.#count(null);
  }

  train(on: boolean): void {
    this.training = on;
    this.light = null;
    void shelf.keepSetting("training", on);
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

  /** One text before the camera or from a hand scanner; the light follows. Texts that come while one is judged are dropped. */
  async scan(text: string, seenAt: number | null = null): Promise<void> {
    const { ground, code, device } = this;
    const byCamera = seenAt !== null;
    if (this.#busy || !ground || !code || !device || !this.person) return;
    if (byCamera && this.#isSame(text)) return;
    this.#busy = true;
    const began = performance.now();
    try {
      const now = time.now();
      if (ground.expired(now) && !this.online) return this.#show({ ...DARK, signal: "bad", reason: "no_pack" });
      const verdict = await proven(ground, text, now);
      if (byCamera && this.#isSamePass(verdict.claims?.number ?? null)) return;
      const asked = this.#mayAsk() ? await this.#ask(text, ground, code) : null;
      const found = asked ? null : judged(ground, code, verdict, this.memory, now);
      if (found) timed("gate:decision", began);
      const shown = asked ?? (await this.#alone(text, found!, now));
      if (asked?.signal === "again" && verdict.claims && verdict.step !== null) {
        this.memory.keep(verdict.claims.number, { step: verdict.step, at: now });
      }
      const { claims } = verdict;
      const other = shown.reason === "other_event" || shown.reason === "expired" ? eventOf(ground, text, claims) : null;
      const group = shown.group ?? claims?.gate_group ?? null;
      const hint = shown.hint ?? (group ? ground.hint(code, group) : null);
      const paper = claims !== null && claims.holder === null;
      this.#last = { text, number: claims?.number ?? null, letIn: shown.signal === "good", at: performance.now() };
      this.#show({ ...shown, other, group, hint, paper, number: shown.number ?? claims?.number ?? null, generation: claims?.generation ?? null });
      requestAnimationFrame(() => timed("gate:light", seenAt ?? began));
      if (!shown.label && claims) void this.#name(claims.place);
    } finally {
      this.#busy = false;
    }
  }

  #isSame(text: string): boolean {
    return this.#last !== null && this.#last.text === text && performance.now() - this.#last.at < SAME_TEXT_MS;
  }

  #isSamePass(number: number | null): boolean {
    const last = this.#last;
    return last !== null && number !== null && last.letIn && last.number === number && performance.now() - last.at < SAME_PASS_MS;
  }

  #mayAsk(): boolean {
    return this.online && connection.online && performance.now() >= this.#aloneUntil;
  }

  /** Ask the server, within its limit; null where the device must decide alone. */
  async #ask(text: string, ground: Ground, gate: string): Promise<Omit<Light, "turn"> | null> {
    const ask = await signed(this.device!, { ...this.#about(gate), kind: "ask", code: text, offline: false });
    const reply = await send([ask], ASK_LIMIT_MS);
    const answer = reply.ok ? reply.data.answers[0] : null;
    if (!answer || answer.outcome === "noted") {
      this.#aloneUntil = performance.now() + ALONE_MS;
      return null;
    }
    const shown = { ...ofAnswer(answer, ground, gate), training: this.training };
    if (shown.signal === "good" && !this.training && shown.number !== null) {
      const seen = this.#saw(ground, shown.number, 0, gate);
      void shelf.keepSeen(seen);
    }
    return shown;
  }

  #about(gate: string): Pick<ScanBody, "event_id" | "gate" | "at" | "person_id" | "training"> {
    const person = this.person ? { person_id: this.person.id } : {};
    return { event_id: this.ground!.pack.event.id, gate, at: time.iso(), training: this.training, ...person };
  }

  #saw(ground: Ground, number: number, generation: number, gate: string): KeptSeen {
    const seen = { event_id: ground.pack.event.id, number, generation, presence: crossed(ground, gate, time.now()) };
    ground.saw(seen);
    return seen;
  }

  /** The device's own decision: on the disk before it is shown. */
  async #alone(text: string, found: Decision, now: number): Promise<Omit<Light, "turn">> {
    const [ground, gate] = [this.ground!, this.code!];
    const shown = { ...ofDecision(found, ground, gate), training: this.training };
    if (found.type === "again") return shown;
    const { claims } = found;
    const letIn = found.type === "admitted";
    const seen = letIn && !this.training ? this.#saw(ground, found.claims.number, found.claims.generation, gate) : null;
    const about = {
      ...this.#about(gate),
      at: new Date(now).toISOString(),
      kind: letIn ? (shown.pending ? ("admitted" as const) : ("passed" as const)) : ("refused" as const),
      code: text.slice(0, 500),
      ...(claims ? { pass_number: claims.number, generation: claims.generation } : {}),
      ...(shown.reason ? { reason: shown.reason } : {}),
      offline: true,
    };
    await keep(this.device!, about, seen);
    this.backlog += 1;
    if (this.online) void this.sync();
    return shown;
  }

  async sync(): Promise<void> {
    this.backlog = await flush();
  }

  /** Let somebody in against the light, or without a code; the steward says why. */
  async override(number: number, generation: number, why: Override): Promise<void> {
    const [ground, gate] = [this.ground!, this.code!];
    const pending = ground.gates[gate]?.turnstile ?? false;
    const kind = pending ? ("admitted" as const) : ("passed" as const);
    const about = { ...this.#about(gate), kind, pass_number: number, generation, override: why, offline: !this.online };
    await keep(this.device!, about, this.training ? null : this.#saw(ground, number, generation, gate));
    this.backlog += 1;
    const { label, group } = this.light?.number === number ? this.light : DARK;
    this.#show({ ...DARK, signal: "good", number, generation, label, group, pending, overridden: true, training: this.training });
    if (this.online) void this.sync();
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

  #count(light: Light | null): void {
    const day = `${this.person?.id ?? ""} ${new Date(time.now()).toISOString().slice(0, 10)}`;
    const before = this.counters.day === day ? this.counters : { ...NOTHING, day };
    const counted = light !== null && !light.training;
    this.counters = {
      day,
      admitted: before.admitted + Number(counted && light.signal === "good"),
      refused: before.refused + Number(counted && light.signal === "bad"),
      again: before.again + Number(counted && light.signal === "again"),
      overridden: before.overridden + Number(counted && light.overridden),
    };
    void shelf.keepSetting("counters", this.counters);
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
    useToken(null);
    [this.device, this.ground, this.revoked, this.light] = [null, null, false, null];
    this.enter(null);
  }
}

export const gate = new Gate();
