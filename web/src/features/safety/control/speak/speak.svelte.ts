/** The messages of an event as the control room sends them. */
import { answered, type Answer, type Problem } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import type { Geometry } from "../../../../shared/api/words";
import { newId } from "../../../../shared/runtime/ids";

type Schemas = components["schemas"];
export type Sent = Schemas["SentView"];
export type Mode = Schemas["BroadcastMode"];
export type Severity = Schemas["BroadcastSeverity"];
export type Group = Schemas["StaffGroup"];
export type Audience = Schemas["NewBroadcast"]["audience"];
export type Written = Record<string, Schemas["BroadcastText"]>;
type Omitted<T> = T extends unknown ? Omit<T, "id"> : never;
export type Request = Omitted<Schemas["NewBroadcast"] | Schemas["UpdateBroadcast"] | Schemas["CancelBroadcast"]>;

const POLL_MS = 5_000;

/** One language of a draft. */
export interface Draft {
  headline: string;
  text: string;
  screen: string;
  speech: string;
}

export const EMPTY: Draft = { headline: "", text: "", screen: "", speech: "" };

/** What was written in each language; "half" if a headline or a text lacks the other one. */
export function written(drafts: Readonly<Record<string, Draft>>): Written | "half" {
  const filled = Object.entries(drafts).filter(([, { headline, text, screen, speech }]) => (headline + text + screen + speech).trim());
  if (filled.some(([, { headline, text }]) => !headline.trim() || !text.trim())) return "half";
  return Object.fromEntries(
    filled.map(([language, { headline, text, screen, speech }]) => [
      language,
      { headline: headline.trim(), text: text.trim(), screen: screen.trim() || null, speech: speech.trim() || null },
    ]),
  );
}

/** Codes that were typed: those of blocks and standing areas of the venue, whatever their case, and the others. */
export function codesOf(line: string, venue: Geometry): { known: string[]; unknown: string[] } {
  const codes = new Map([...venue.blocks, ...venue.areas].map(({ code }) => [code.toLowerCase(), code]));
  const typed = line.split(/[\s,;]+/u).filter(Boolean);
  return {
    known: typed.flatMap((code) => codes.get(code.toLowerCase()) ?? []),
    unknown: typed.filter((code) => !codes.has(code.toLowerCase())),
  };
}

export class Speaker {
  readonly event: string;
  list = $state.raw<readonly Sent[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Ids of requests without an answer, by their content: a repetition must not become a second message. */
  readonly #unanswered = new Map<string, string>();

  constructor(event: string) {
    this.event = event;
  }

  /** Read the messages and their receipts again and again; returns the end of it. */
  follow(): () => void {
    void this.load();
    const timer = setInterval(() => void this.load(), POLL_MS);
    return () => clearInterval(timer);
  }

  async load(): Promise<void> {
    const answer = await answered<Sent[]>(api.GET("/api/control/events/{event_id}/broadcasts", { params: { path: { event_id: this.event } } }));
    if (answer.ok) [this.list, this.problem] = [answer.data, null];
    else if (this.list === null) this.problem = answer.problem;
  }

  /** Send a message; its refusal, or null once it is sent. */
  async send(request: Request): Promise<Problem | null> {
    const key = JSON.stringify(request);
    const id = this.#unanswered.get(key) ?? newId();
    this.#unanswered.set(key, id);
    const options = { params: { path: { event_id: this.event } }, body: { id, ...request } as Schemas["NewBroadcast"] };
    const answer: Answer<Sent[]> = await answered<Sent[]>(api.POST("/api/control/events/{event_id}/broadcasts", options));
    if (answer.ok || (answer.problem.status >= 400 && answer.problem.status < 500)) this.#unanswered.delete(key);
    if (answer.ok) this.list = answer.data;
    else if (answer.problem.status === 409) await this.load();
    return answer.ok ? null : answer.problem;
  }
}
