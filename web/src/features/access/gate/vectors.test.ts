import { describe, expect, test } from "vitest";
import file from "../../../../../docs/vectors/access.json";
import { issuerKeys, verify, type PassKeys } from "../../../shared/passes/verify";
import { decide, REASONS, type Decision, type Known, type Post, type Stale } from "./decide";

interface WirePost extends Omit<Post, "groups"> {
  groups: string[];
}
interface Vectors {
  event_id: string;
  issuers: PassKeys[];
  cases: { name: string; text: string; post: WirePost; known: Known; now: number; decision: unknown }[];
  sequences: Sequence[];
  films: (Sequence & { trusted: boolean })[];
}
interface Sequence {
  name: string;
  post: WirePost;
  known: Known;
  codes: { text: string; now: number; decision: unknown }[];
}

const vectors = file as unknown as Vectors;
const keys = await issuerKeys(vectors.issuers);
const post = ({ groups, ...rest }: WirePost): Post => ({ ...rest, groups: new Set(groups) });

function comparable({ claims: _, ...decision }: Decision): unknown {
  return decision;
}

describe("every code gets the decision that Python gives", () => {
  test.each(vectors.cases)("$name", async ({ text, post: wire, known, now, decision }) => {
    const verdict = await verify(text, keys, now, vectors.event_id);
    expect(comparable(decide(verdict, post(wire), known, now))).toEqual(decision);
  });
});

async function inTurn({ post: wire, known, codes }: Sequence, trusted: boolean): Promise<void> {
  let before: Stale | null = null;
  for (const { text, now, decision } of codes) {
    const verdict = await verify(text, keys, now, vectors.event_id);
    const found: Decision = decide(verdict, post(wire), known, now, before, trusted);
    expect(comparable(found)).toEqual(decision);
    if (found.type === "again") before = found.stale;
  }
}

describe("codes out of their time, one after the other", () => {
  test.each(vectors.sequences)("$name", (sequence) => inTurn(sequence, true));
});

describe("films of codes, where the time is trusted and where it is not", () => {
  test.each(vectors.films)("$name", (film) => inTurn(film, film.trusted));
});

test("the vectors hold every reason", () => {
  const codes = [...vectors.cases, ...[...vectors.sequences, ...vectors.films].flatMap((sequence) => sequence.codes)];
  const found = new Set(codes.map(({ decision }) => (decision as { reason?: string }).reason));
  expect(REASONS.filter((reason) => !found.has(reason))).toEqual([]);
});
