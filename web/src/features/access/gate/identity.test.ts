import { describe, expect, test } from "vitest";
import vectors from "../../../../../docs/vectors/identity.json";
import { base64url } from "../../../shared/passes/base64";
import { lacksName } from "./decide";
import { EventData } from "./eventData";
import { isSelected } from "./identity";
import type { Changes, Pack } from "./messages";

test.each(vectors.selected)("pass $number is selected from $from_percent per cent on, as on the server", async ({ secret, number, from_percent }) => {
  expect(await isSelected(secret, number, from_percent)).toBe(true);
  expect(await isSelected(secret, number, from_percent - 1)).toBe(false);
});

const [DUE, EMPTY] = ["2026-05-09T17:00:00Z", base64url(new Uint8Array(2))];
const pack: Pack = {
  event: {
    id: "01970000-0000-7000-8000-0000a11ce001",
    title: { en: "The match" },
    doors_at: "2026-05-09T17:00:00Z",
    starts_at: "2026-05-09T19:00:00Z",
    ends_at: "2026-05-09T21:00:00Z",
    terms: { reentry: false, paper_accepted: true, paper_identity_check: false },
  },
  version: "1-1",
  expires_at: "2026-05-10T17:00:00Z",
  keys: [],
  others: [],
  gates: { N1: { groups: ["N"], zone: "S", turnstile: false, closed: false } },
  zones: {},
  windows: {},
  hints: {},
  passes: 16,
  bitmaps: { revoked: EMPTY, flagged: EMPTY, inside: EMPTY, outside: EMPTY },
  generations: [],
  directory: { places: [], orders: {} },
  roster: [],
  identity: { secret: "AAECAwQFBgcICQoLDA0ODw==", share_percent: 100, due_at: DUE, unnamed_to_desk: true, unnamed: base64url(Uint8Array.of(0b1000)), names: [[2, "Léa Martin"]] },
};
const changes = (more: Partial<Changes>): Changes => ({
  version: "1-2", reload: false, revoked: [], flagged: [], unflagged: [], inside: [], outside: [], absent: [], generations: [], gates: {}, zones: {}, ...more,
});
const data = (): EventData => new EventData(pack, new Map());
const SINCE = Date.parse("2026-05-09T18:00:00Z");
const inside = (since = SINCE) => ({ number: 2, generation: 0, presence: { state: "inside" as const, since, gate: "N1", pending_until: null } });

describe("a device", () => {
  test("has the names and the tickets without one of its pack", async () => {
    expect(await data().identityOf(2)).toEqual({ identity_check: true, unnamed: false, name: "Léa Martin" });
    expect(await data().identityOf(3)).toEqual({ identity_check: false, unnamed: true, name: null });
    expect(await data().identityOf(9)).toEqual({ identity_check: true, unnamed: false, name: null });
  });

  test("checks nothing without a rule", async () => {
    const { identity: _, ...plain } = pack;
    const without = new EventData(plain, new Map());
    expect(await without.identityOf(2)).toEqual({ identity_check: false, unnamed: false, name: null });
    expect(without.contextOf("N1").names).toBe(null);
  });

  test("does not show the name of a ticket that may have another holder", async () => {
    const [transferred, other] = [data(), data()];
    transferred.apply(changes({ generations: [[2, 1], [3, 1]] }));
    expect(await transferred.identityOf(2)).toEqual({ identity_check: true, unnamed: false, name: null });
    expect(await transferred.identityOf(3)).toEqual({ identity_check: true, unnamed: false, name: null });
    other.apply(changes({ generations: [[7, 1]] }));
    expect((await other.identityOf(2)).name).toBe("Léa Martin");
  });

  test("knows that names are due by trusted time alone", () => {
    const [context, status] = [data().contextOf("N1"), { ...data().statusOf(3), unnamed: true }];
    const due = Date.parse(DUE);
    expect([lacksName(context, status, due, true), lacksName(context, status, due - 1, true), lacksName(context, status, due, false)]).toEqual([true, false, false]);
  });

  test("admits a pass again whose entry was taken back, here or at another gate", () => {
    const [here, elsewhere] = [data(), data()];
    here.addCrossing(inside());
    here.addCrossing({ number: 2, generation: 0, presence: null });
    expect([here.statusOf(2).presence, here.inside]).toEqual([null, 0]);
    elsewhere.apply(changes({ inside: [[2, "N2", new Date(SINCE).toISOString()]] }));
    elsewhere.apply(changes({ absent: [[2, new Date(SINCE + 60_000).toISOString()]] }));
    expect([elsewhere.statusOf(2).presence, elsewhere.inside]).toEqual([null, 0]);
  });

  test("keeps an entry that is later than one that was taken back", () => {
    const own = data();
    own.addCrossing(inside(SINCE + 120_000));
    own.apply(changes({ absent: [[2, new Date(SINCE).toISOString()]] }));
    expect(own.statusOf(2).presence?.state).toBe("inside");
  });

  test("has no more use of an event a day after its end", () => {
    const ended = Date.parse("2026-05-09T21:00:00Z");
    expect([data().over(ended + 86_399_999), data().over(ended + 86_400_000)]).toEqual([false, true]);
  });
});
