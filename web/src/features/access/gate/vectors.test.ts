import { describe, expect, test } from "vitest";
import file from "../../../../../docs/vectors/access.json";
import identityFile from "../../../../../docs/vectors/identity.json";
import { issuerKeys, verify, type PassKeys } from "../../../shared/passes/verify";
import { decide, REFUSAL_REASONS, type Decision, type PassStatus, type GateContext, type StaleCode } from "./decide";

interface WirePost extends Omit<GateContext, "groups"> {
  groups: string[];
}
interface Vectors {
  event_id: string;
  issuers: PassKeys[];
  cases: { name: string; text: string; post: WirePost; known: PassStatus; now: number; decision: unknown }[];
  sequences: Sequence[];
  films: (Sequence & { trusted: boolean })[];
}
interface Sequence {
  name: string;
  post: WirePost;
  known: PassStatus;
  codes: { text: string; now: number; decision: unknown }[];
}

const vectors = file as unknown as Vectors;
const cases = [...vectors.cases, ...(identityFile as unknown as Pick<Vectors, "cases">).cases];
const keys = await issuerKeys(vectors.issuers);
const contextOf = ({ groups, ...rest }: WirePost): GateContext => ({ ...rest, groups: new Set(groups) });

function comparable({ claims: _, ...decision }: Decision): unknown {
  return decision;
}

describe("every code gets Python's decision", () => {
  test.each(cases)("$name", async ({ text, post: wire, known, now, decision }) => {
    const verdict = await verify(text, keys, now, vectors.event_id);
    expect(comparable(decide(verdict, contextOf(wire), known, now))).toEqual(decision);
  });
});

async function inTurn({ post: wire, known, codes }: Sequence, trusted: boolean): Promise<void> {
  let previous: StaleCode | null = null;
  for (const { text, now, decision } of codes) {
    const verdict = await verify(text, keys, now, vectors.event_id);
    const decided: Decision = decide(verdict, contextOf(wire), known, now, previous, trusted);
    expect(comparable(decided)).toEqual(decision);
    if (decided.type === "again") previous = decided.stale;
  }
}

describe("sequences of stale codes", () => {
  test.each(vectors.sequences)("$name", (sequence) => inTurn(sequence, true));
});

describe("recordings of codes, with and without trusted time", () => {
  test.each(vectors.films)("$name", (film) => inTurn(film, film.trusted));
});

test("the vectors contain every reason", () => {
  const codes = [...cases, ...[...vectors.sequences, ...vectors.films].flatMap((sequence) => sequence.codes)];
  const found = new Set(codes.map(({ decision }) => (decision as { reason?: string }).reason));
  expect(REFUSAL_REASONS.filter((reason) => !found.has(reason))).toEqual([]);
});
