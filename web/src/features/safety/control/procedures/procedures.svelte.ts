/** The emergency procedures of an event. Steps and starts without network wait on this desk and are sent in their order. */
import { answered, type Answer, type Problem } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { clock } from "../../../../shared/runtime/clock.svelte";
import { newId } from "../../../../shared/runtime/ids";
import { storage } from "../../../../shared/runtime/storage";

type Schemas = components["schemas"];
export type Kind = Schemas["ProcedureKind"];
export type Mode = Schemas["ProcedureMode"];
export type Texts = Schemas["ProcedureRequest"]["staff_texts"];
export type Request = Omit<Schemas["ProcedureRequest"], "id" | "offline">;
type Entry = Schemas["ConfirmProcedure"] | Schemas["BeginAlone"] | Schemas["RecordStep"] | Schemas["EndProcedure"] | Schemas["WithdrawProcedure"];
type Omitted<T> = T extends unknown ? Omit<T, "id"> : never;
export type Change = Omitted<Entry>;
/** A procedure as this desk shows it; `unsent`: something of it waits for the network. */
export type Procedure = Schemas["ProcedureView"] & { unsent?: boolean };
type Waiting = { start: Schemas["ProcedureRequest"] & { offline: Schemas["OfflineStart"] } } | { procedure: string; entry: Schemas["RecordStep"] | Schemas["EndProcedure"] };
type ProcedureAnswer = Schemas["ProcedureAnswer"];
type Listing = Schemas["ProcedureListing"];

const POLL_MS = 2_000;
const CHECKLISTS = "control.checklists";
const refused = ({ status }: Problem): boolean => status >= 400 && status < 500;

export class Procedures {
  readonly event: string;
  readonly #key: string;
  checklists = $state.raw<Listing["checklists"]>(storage.read<Listing["checklists"]>(CHECKLISTS) ?? []);
  #server = $state.raw<readonly Procedure[]>([]);
  #waiting = $state.raw<readonly Waiting[]>([]);
  /** Why records of this desk were not stored. */
  dropped = $state.raw<readonly Problem[]>([]);
  /** The server did not answer last time. */
  offline = $state(false);
  #sending = false;
  /** Ids of requests without an answer, by their content: a repetition must not become a second record. */
  readonly #unanswered = new Map<string, string>();

  constructor(event: string) {
    this.event = event;
    this.#key = `control.procedures.${event}`;
    this.#waiting = storage.read<Waiting[]>(this.#key) ?? [];
  }

  readonly list = $derived(this.#waiting.reduce((list, one) => this.#with(list, one), this.#server));
  readonly open = $derived(this.list.filter(({ ended_at }) => !ended_at));
  readonly ended = $derived(this.list.filter(({ ended_at }) => ended_at));
  readonly exercise = $derived(this.open.some(({ mode }) => mode === "exercise"));

  /** Read the procedures again and again, and send what waits; returns the end of it. */
  follow(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const read = async (): Promise<void> => {
      await this.#send();
      await this.load();
      if (!ended) timer = setTimeout(() => void read(), POLL_MS);
    };
    void read();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }

  async load(): Promise<void> {
    const answer = await answered<Listing>(api.GET("/api/control/events/{event_id}/procedures", { params: { path: { event_id: this.event } } }));
    this.offline = !answer.ok && !refused(answer.problem);
    if (!answer.ok) return;
    this.#server = answer.data.procedures;
    this.checklists = answer.data.checklists;
    storage.write(CHECKLISTS, this.checklists);
  }

  /** Request a procedure; why it is not stored, or null. */
  async request(request: Request): Promise<Problem | null> {
    const key = JSON.stringify(request);
    const body = { ...request, id: this.#idOf(key) };
    return this.#settle(key, await this.#postRequest(body));
  }

  /** Begin alone because the server cannot be reached; it is sent as soon as that is possible. */
  async begin(request: Request, reason: string): Promise<void> {
    const offline = { begun_at: new Date(clock.now()).toISOString(), reason };
    this.#keep([...this.#waiting, { start: { ...request, id: newId(), offline } }]);
    await this.#send();
  }

  /** Change a procedure; why it is not stored, or null. Steps and ends wait for the network, the others do not. */
  async change(id: string, change: Change): Promise<Problem | null> {
    if (change.kind === "step_recorded" || change.kind === "ended") {
      const entry = change.kind === "ended" ? { ...change, id: newId() } : { ...change, id: newId(), occurred_at: new Date(clock.now()).toISOString() };
      this.#keep([...this.#waiting, { procedure: id, entry }]);
      await this.#send();
      return null;
    }
    const key = JSON.stringify([id, change]);
    return this.#settle(key, await this.#postEntry(id, { ...change, id: this.#idOf(key) }));
  }

  /** Send what waits, in its order: a start that joined another desk's procedure takes its steps along. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const answer = "start" in first ? await this.#postRequest(first.start) : await this.#postEntry(first.procedure, first.entry);
      if (!answer.ok && !refused(answer.problem)) {
        this.offline = true;
        break;
      }
      let rest = this.#waiting.slice(1);
      if (answer.ok) {
        this.#server = answer.data.procedures;
        this.offline = false;
        const joined = answer.data.id;
        if ("start" in first) rest = rest.map((one) => ("procedure" in one && one.procedure === first.start.id ? { ...one, procedure: joined } : one));
      } else this.dropped = [...this.dropped, answer.problem];
      this.#keep(rest);
    }
    this.#sending = false;
  }

  #postRequest(body: Schemas["ProcedureRequest"]): Promise<Answer<ProcedureAnswer>> {
    return answered<ProcedureAnswer>(api.POST("/api/control/events/{event_id}/procedures", { params: { path: { event_id: this.event } }, body }));
  }

  #postEntry(id: string, body: Entry): Promise<Answer<ProcedureAnswer>> {
    return answered<ProcedureAnswer>(api.POST("/api/control/procedures/{procedure_id}/entries", { params: { path: { procedure_id: id } }, body }));
  }

  #idOf(key: string): string {
    const id = this.#unanswered.get(key) ?? newId();
    this.#unanswered.set(key, id);
    return id;
  }

  #settle(key: string, answer: Answer<ProcedureAnswer>): Problem | null {
    this.offline = !answer.ok && !refused(answer.problem);
    if (answer.ok || refused(answer.problem)) this.#unanswered.delete(key);
    if (answer.ok) this.#server = answer.data.procedures;
    else void this.load();
    return answer.ok ? null : answer.problem;
  }

  #keep(waiting: readonly Waiting[]): void {
    this.#waiting = waiting;
    storage.write(this.#key, waiting.length > 0 ? waiting : null);
  }

  /** The list as it will be once the server has this record. */
  #with(list: readonly Procedure[], one: Waiting): readonly Procedure[] {
    if ("start" in one) {
      const open = list.find(({ kind, mode, ended_at }) => kind === one.start.kind && mode === one.start.mode && !ended_at);
      if (open) return list.map((other) => (other === open ? { ...open, id: one.start.id, begun_at: open.begun_at ?? one.start.offline.begun_at, unsent: true } : other));
      return [this.#started(one.start), ...list];
    }
    const { procedure, entry } = one;
    return list.map((other) => {
      if (other.id !== procedure) return other;
      if (entry.kind === "ended") return { ...other, ended_at: new Date(clock.now()).toISOString(), ended_as: entry.ended_as, unsent: true };
      const steps = other.steps.map((step) => (step.step === entry.step ? { ...step, outcome: entry.outcome, occurred_at: entry.occurred_at ?? null } : step));
      return { ...other, steps, unsent: true };
    });
  }

  #started({ id, kind, mode, zones, offline }: Schemas["ProcedureRequest"] & { offline: Schemas["OfflineStart"] }): Procedure {
    const steps = this.checklists.find((one) => one.kind === kind)?.steps ?? [];
    return {
      id,
      event_id: this.event,
      kind,
      mode,
      zones: zones ?? [],
      text: offline.reason,
      requested_at: offline.begun_at,
      requested_by: "",
      requested_by_name: null,
      alone_from: offline.begun_at,
      begun_at: offline.begun_at,
      begun_by_name: null,
      is_alone: true,
      ended_at: null,
      ended_by_name: null,
      ended_as: null,
      steps: steps.map(({ code, role }) => ({ step: code, role, outcome: null, occurred_at: null, recorded_by_name: null, text: null })),
      unsent: true,
    };
  }
}
