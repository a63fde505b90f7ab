/** Evacuation instructions of an event: the preview, the texts of each group, and sending them. */
import { answered, type Problem } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { newId } from "../../../../shared/runtime/ids";
import { messages } from "./words.svelte";

type Schemas = components["schemas"];
export type Preview = Schemas["Instructions"];
export type Group = Preview["groups"][number];
export type Mode = "actual" | "exercise";
type Texts = Record<string, { headline: string; text: string }>;

export const MINUTES = 60;
const TEXT_MAX = 600;

/** A group of the preview with its texts, as the controller may change them. */
export interface Draft {
  group: Group;
  texts: Texts;
}

/** Codes as text, neighbours with numbers in a row as a range: 101-104, 107. */
export function ranges(codes: readonly string[]): string {
  const runs: string[][] = [];
  for (const code of codes) {
    const last = runs.at(-1)?.at(-1);
    const [, name, number] = /^(.*?)(\d+)$/u.exec(code) ?? [];
    if (last !== undefined && number !== undefined && last === `${name}${String(Number(number) - 1).padStart(number.length, "0")}`) runs.at(-1)!.push(code);
    else runs.push([code]);
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(", "))).join(", ");
}

function textsOf(group: Group, plan: Preview["plan"]): Texts {
  return Object.fromEntries(
    Object.entries(messages).map(([language, m]) => {
      if (plan === null) return [language, { headline: m.generalHeadline, text: m.general }];
      const { lift, refuge } = group;
      const waiting = lift ? m.lift(lift) : refuge ? m.refuge(refuge) : m.noRefuge;
      const way = group.exit === null ? m.wait : m.way(group.exit);
      return [language, { headline: group.exit === null ? m.waitHeadline : m.headline(group.exit), text: `${way}\n${waiting} ${m.help(plan.help_number)}` }];
    }),
  );
}

function stewardTexts({ groups, exits, plan }: Preview): Texts {
  const closed = exits.flatMap(({ code, closed }) => (closed ? [code] : [])).join(", ");
  return Object.fromEntries(
    Object.entries(messages).map(([language, m]) => {
      const lines = plan === null ? [m.general] : groups.map(({ exit, places }) => (exit === null ? m.waitLine(ranges(places)) : m.line(exit, ranges(places))));
      return [language, { headline: m.stewards, text: [...lines, ...(closed ? [m.closed(closed)] : [])].join("\n") }];
    }),
  );
}

export class Evacuation {
  readonly event: string;
  preview = $state.raw<Preview | null>(null);
  drafts = $state<Draft[]>([]);
  stewards = $state<Texts>({});
  problem = $state.raw<Problem | null>(null);
  /** The id of a request without an answer: a repetition must not be sent twice. */
  #unanswered: string | null = null;

  constructor(event: string) {
    this.event = event;
  }

  readonly isComplete = $derived(
    [...this.drafts.map(({ texts }) => texts), this.stewards].every((texts) => Object.values(texts).every(({ text }) => text.trim() && text.length <= TEXT_MAX)),
  );

  async prepare(closed: readonly string[]): Promise<void> {
    const path = { event_id: this.event };
    const answer = await answered<Preview>(api.GET("/api/control/events/{event_id}/instructions", { params: { path, query: { closed: closed.join(",") } } }));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    this.preview = answer.data;
    this.drafts = answer.data.groups.map((group) => ({ group, texts: textsOf(group, answer.data.plan) }));
    this.stewards = stewardTexts(answer.data);
    this.#unanswered = null;
  }

  /** Send what is shown; whether it was sent. */
  async send(mode: Mode): Promise<boolean> {
    const { exits, sent } = this.preview!;
    const id = (this.#unanswered ??= newId());
    const closed = exits.flatMap(({ code, closed }) => (closed ? [code] : []));
    const body = {
      id,
      mode,
      closed,
      minutes: MINUTES,
      groups: this.drafts.map(({ group, texts }) => ({ zones: group.places, texts })),
      stewards: this.stewards,
      replaces: sent.find((one) => one.mode === mode)?.id ?? null,
    };
    const answer = await answered(api.POST("/api/control/events/{event_id}/instructions", { params: { path: { event_id: this.event } }, body }));
    if (answer.ok || answer.problem.status === 409) await this.prepare(closed);
    this.problem = answer.ok ? null : answer.problem;
    return answer.ok;
  }
}
