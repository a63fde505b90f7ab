import { describe, expect, test, vi } from "vitest";
import vectors from "../../../../../docs/vectors/access.json";
import { issuerKeys, type Claims, type VerificationFailure, type Verdict } from "../../../shared/passes/verify";
import { base64url } from "../../../shared/passes/base64";
import { stepAt } from "../../../shared/passes/code";
import { isPin } from "../../../shared/devices/pin";
import { listen } from "../../../shared/devices/wedge";
import { Bitmap } from "./bitmap";
import { compare } from "./decide";
import { EventData, isOlder, openPack } from "./eventData";
import { addCodeTime, hasUnsentAdmission, isPartialCode, StaleCodes, statusAfterTimeout, verifyCode } from "./localDecision";
import { decideExit, presenceAfterExit } from "./exit";
import { resultOfAnswer } from "./scanResult";
import { roleAtGates } from "./role";
import type { Changes, Pack, ScanAnswer, SignedPack } from "./messages";

const EVENT = "01970000-0000-7000-8000-0000a11ce001";
const KID = "AQIDBA";
const EMPTY = base64url(new Uint8Array(2));
const INSIDE = base64url(Uint8Array.of(0b100));

const pack: Pack = {
  event: {
    id: EVENT,
    title: { fr: "Le match", en: "The match" },
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
  zones: { S: { full: false }, PEL: { full: true } },
  windows: {},
  hints: { N1: { P: { gate: "P1", turn: "left", metres: 66 } } },
  passes: 16,
  bitmaps: { revoked: EMPTY, flagged: EMPTY, inside: INSIDE, outside: EMPTY },
  generations: [[3, 2]],
  directory: { places: [[41, 7]], orders: { "VIR-1": [7, 8] } },
  roster: [],
};
const changes = (more: Partial<Changes>): Changes => ({
  version: "1-2",
  reload: false,
  revoked: [],
  flagged: [],
  unflagged: [],
  inside: [],
  outside: [],
  absent: [],
  generations: [],
  gates: {},
  zones: {},
  ...more,
});

async function issuer() {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const published = [{ event_id: EVENT, keys: [{ kid: KID, x: x! }] }];
  const seal = async (purpose: string, document: object): Promise<SignedPack> => {
    const body = new TextEncoder().encode(JSON.stringify(document));
    const message = new Uint8Array([...new TextEncoder().encode(`${purpose}\0`), ...body]);
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
    return { body: base64url(body), kid: KID, signature: base64url(signature) };
  };
  return { published, seal };
}

describe("a pack", () => {
  test("is opened if the event's key signed it", async () => {
    const { published, seal } = await issuer();
    expect(await openPack(await seal("virage:pack:v1", pack), await issuerKeys(published), EVENT)).toEqual(pack);
  });

  test("is rejected with another key, purpose or event, or if it was changed", async () => {
    const [mine, other] = [await issuer(), await issuer()];
    const keys = await issuerKeys(mine.published);
    const good = await mine.seal("virage:pack:v1", pack);
    const changed = { ...good, body: base64url(new TextEncoder().encode(JSON.stringify({ ...pack, passes: 17 }))) };
    expect(await openPack(await other.seal("virage:pack:v1", pack), keys, EVENT)).toBeNull();
    expect(await openPack(await mine.seal("virage:scan:v1", pack), keys, EVENT)).toBeNull();
    expect(await openPack(good, keys, EVENT.replace("1", "2"))).toBeNull();
    expect(await openPack(changed, keys, EVENT)).toBeNull();
  });
});

test("an older pack does not replace a newer one, even with a valid signature", () => {
  const sealedAt = (expires_at: string, id = EVENT): Pack => ({ ...pack, expires_at, event: { ...pack.event, id } });
  const held = sealedAt("2026-05-10T17:00:00Z");
  expect(isOlder(sealedAt("2026-05-10T16:00:00.5Z"), held)).toBe(true);
  expect(isOlder(sealedAt("2026-05-10T17:00:00Z"), held)).toBe(false);
  expect(isOlder(sealedAt("2026-05-10T18:00:00Z"), held)).toBe(false);
  expect(isOlder(sealedAt("2026-05-10T16:00:00Z", EVENT.replace("1", "2")), held)).toBe(false);
});

test("a device does not ask the server about a pass while its admission may be unsent", () => {
  const eventData = new EventData(structuredClone(pack), new Map());
  const bearer = (number: number): Claims => ({ number }) as Claims;
  eventData.addCrossing({ number: 5, generation: 0, presence: { state: "inside", since: 1, gate: "N1", pending_until: null } });
  expect(hasUnsentAdmission(eventData, "N1", bearer(5), 1)).toBe(true);
  expect(hasUnsentAdmission(eventData, "N1", bearer(5), 0)).toBe(false);
  expect(hasUnsentAdmission(eventData, "N2", bearer(5), 1)).toBe(false);
  expect(hasUnsentAdmission(eventData, "N1", bearer(6), 1)).toBe(false);
  expect(hasUnsentAdmission(eventData, "N1", null, 1)).toBe(false);
});

test("an admission by a request that timed out does not count as inside", () => {
  const eventData = new EventData(structuredClone(pack), new Map());
  const before = eventData.statusOf(5);
  eventData.addCrossing({ number: 5, generation: 1, presence: { state: "inside", since: 9, gate: "N1", pending_until: null } });
  const after = eventData.statusOf(5);
  expect(statusAfterTimeout(before, after, "N1")).toEqual({ ...after, presence: before.presence });
  expect(statusAfterTimeout(before, after, "N2")).toEqual(after);
  expect(statusAfterTimeout(after, after, "N1")).toEqual(after);
});

describe("the status of a pass", () => {
  test("the presence comes from the pack, then from the latest change in any order", () => {
    const eventData = new EventData(structuredClone(pack), new Map());
    expect(eventData.statusOf(2).presence).toMatchObject({ state: "inside", since: 0 });
    eventData.apply(changes({ outside: [[2, "N4", "2026-05-09T18:30:00Z"]] }));
    eventData.apply(changes({ inside: [[2, "N1", "2026-05-09T18:00:00Z"]] }));
    expect(eventData.statusOf(2).presence).toMatchObject({ state: "outside", gate: "N4" });
  });

  test("a generation only increases, a flag can be removed, a revoked pass stays revoked", () => {
    const eventData = new EventData(structuredClone(pack), new Map());
    eventData.apply(changes({ generations: [[3, 1], [4, 5]], flagged: [6], revoked: [7] }));
    eventData.apply(changes({ unflagged: [6] }));
    expect([eventData.statusOf(3).generation, eventData.statusOf(4).generation]).toEqual([2, 5]);
    expect(eventData.statusOf(6).flagged).toBe(false);
    expect(eventData.statusOf(7).revoked).toBe(true);
  });

  test("a standing area is a separate zone", () => {
    const eventData = new EventData(pack, new Map());
    expect(eventData.contextOf("N1").zone_full).toBe(false);
    expect(eventData.contextOf("N1", "PEL").zone_full).toBe(true);
  });

  test("a gate that is not in the pack is closed", () => {
    expect(new EventData(pack, new Map()).contextOf("Z9").closed).toBe(true);
  });
});

test("a bitmap grows for passes issued later", () => {
  const bits = new Bitmap(new Uint8Array(1));
  bits.put(59_186, true);
  expect([bits.has(59_186), bits.has(59_185), bits.count]).toEqual([true, false, 1]);
});

test("a PIN is checked against a verifier made by Python's pbkdf2_hmac", async () => {
  const steward = { id: "a", name: "A", supervisor: false, salt: "AAECAwQFBgcICQoLDA0ODw==", iterations: 1000, verifier: "8P5VBAqd9wHQYlZeHDfANdsDfdMrYO22xBSscpb6mDs=" };
  expect(await isPin(steward, "480527")).toBe(true);
  expect(await isPin(steward, "480528")).toBe(false);
});

describe("a keyboard-wedge scanner", () => {
  const typed = (keys: string[], betweenMs: number | number[], into: "page" | "field" = "page"): string[] => {
    class Input extends EventTarget {
      value = "";
      matches = (): boolean => true;
    }
    for (const name of ["Element", "HTMLInputElement"]) vi.stubGlobal(name, Input);
    const target = into === "field" ? new Input() : new EventTarget();
    const heard: string[] = [];
    listen((text) => heard.push(text), target);
    let now = 0;
    keys.forEach((key, at) => {
      now += typeof betweenMs === "number" ? betweenMs : (betweenMs[at] ?? 5);
      const event = Object.assign(new Event("keydown", { cancelable: true }), { key });
      Object.defineProperty(event, "timeStamp", { value: now });
      target.dispatchEvent(event);
    });
    vi.unstubAllGlobals();
    return heard;
  };
  const CODE = [..."V1:6BF+70790T", "Enter"];

  test("is read if its keys come fast and end with Enter", () => {
    expect(typed([..."V1:6BF+70790", "Shift", "T", "Enter"], 5)).toEqual(["V1:6BF+70790T"]);
  });

  test("is read after words typed by a person", () => {
    expect(typed([..."abc", "Enter", ..."V1:6BF+70790T", "Enter"], 5)).toEqual(["V1:6BF+70790T"]);
  });

  test.each([0, 10, 61, 120, 300])("is read with pauses of %d ms, as on a busy device", (pause) => {
    expect(typed(CODE, pause)).toEqual(["V1:6BF+70790T"]);
    expect(typed(CODE, [5, 5, 5, 5, 5, pause])).toEqual(["V1:6BF+70790T"]);
    expect(typed(CODE, pause, "field")).toEqual(["V1:6BF+70790T"]);
  });

  test("is not a person typing into a field, a short word, or a text cut by a longer pause", () => {
    expect(typed([..."Camille Durand", "Enter"], 120, "field")).toEqual([]);
    expect(typed([..."hello", "Enter"], 5)).toEqual([]);
    expect(typed(CODE, 301)).toEqual([]);
    expect(typed([..."V1:6BF+70790T$%*+-./:", "Enter"], [5, 5, 5, 5, 301])).toEqual(["BF+70790T$%*+-./:"]);
  });
});

describe("a partial code", () => {
  const { text } = vectors.cases[0]!;

  test("is recognised by its prefix or its alphabet", () => {
    for (const torn of [text.slice(0, 200), text.slice(5), text.slice(100, 300)]) expect(isPartialCode(torn)).toBe(true);
  });

  test("is neither a whole code nor another text", () => {
    const certificate = `HC1:${text.slice(3)}`;
    for (const other of [text, "https://example.org/", "1234567890123", "203 12 8", certificate]) expect(isPartialCode(other)).toBe(false);
  });
});

describe("a device without trusted time", () => {
  const { text, now } = vectors.cases[0]!;
  const paper = vectors.cases.find(({ name }) => name === "paper")!.text;
  const YEAR_MS = 365 * 86_400_000;
  const at = async (code: string, when: number, trusted: boolean): Promise<Verdict> => {
    const event = { ...pack.event, id: vectors.event_id };
    return verifyCode(new EventData({ ...structuredClone(pack), event }, await issuerKeys(vectors.issuers)), code, when, trusted);
  };

  test.each([-YEAR_MS, YEAR_MS])("treats a valid code that seems a year off as stale", async (off) => {
    expect(await at(text, now + off, true)).toMatchObject({ type: "unverified", reason: off < 0 ? "not_yet_valid" : "expired" });
    expect(await at(text, now + off, false)).toMatchObject({ type: "unverified", reason: "stale_step", claims: { number: 12345 } });
    expect(await at(paper, now + off, false)).toMatchObject({ type: "verified", paper: true });
  });

  test("does not accept a forged code", async () => {
    const changed = text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
    expect(await at(changed, now + YEAR_MS, false)).toMatchObject({ reason: "expired" });
  });

  test("takes the time only from phones with a valid signature", async () => {
    const proved: [number, number][] = [];
    const time = { addCode: (pass: number, when: number) => void proved.push([pass, when]) };
    addCodeTime(time, await at(text, now + YEAR_MS, false));
    addCodeTime(time, await at(paper, now, false));
    addCodeTime(time, await at(`${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`, now, false));
    expect(proved).toEqual([[12345, now + 15_000]]);
  });
});

test("a role counts at its own gates, a role for the event at all gates, and a role for another event at none", () => {
  const grant = (role: string, scope: string, scope_id: string | null = null) => ({ role, scope, scope_id });
  expect(roleAtGates([grant("steward", "gate", "A")], { id: EVENT })).toEqual({ supervisor: false, posts: ["A"] });
  expect(roleAtGates([grant("steward", "gate", "A"), grant("supervisor", "event", EVENT)], { id: EVENT })).toEqual({ supervisor: true, posts: null });
  expect(roleAtGates([grant("steward", "event", "another")], { id: EVENT })).toBeNull();
  expect(roleAtGates([grant("steward", "venue", "arena")], { id: EVENT, venue: "arena" })).toEqual({ supervisor: false, posts: null });
  expect(roleAtGates([grant("steward", "venue", "arena")], { id: EVENT, venue: "stadium" })).toBeNull();
  expect(roleAtGates([grant("cashier", "all"), grant("admin", "outlet", "07")], { id: EVENT })).toBeNull();
});

const refused = (about: Partial<ScanAnswer>): ScanAnswer => ({ number: 1, outcome: "refused", identity_check: false, unnamed: false, clock_off_s: 0, ...about });

test("each refusal of the server is shown with its reason, an unknown reason as an invalid scan", () => {
  const eventData = new EventData(structuredClone(pack), new Map());
  const reasonOf = (reason: string) => resultOfAnswer(refused({ reason }), eventData, "N1").reason;
  for (const reason of ["forged_scan", "invalid_scan", "unknown_event", "event_not_on", "out_of_date"]) expect(reasonOf(reason)).toBe(reason);
  expect(reasonOf("of_next_year")).toBe("invalid_scan");
});

test("a pass pending at another gate's turnstile is not shown as inside", () => {
  const eventData = new EventData(structuredClone(pack), new Map());
  const data = { since: "2026-05-09T18:00:00Z", gate: "N2", pending_until: "2026-05-09T18:01:00Z" };
  const lit = (more: object) => resultOfAnswer(refused({ reason: "already_inside", data: more as Record<string, unknown> }), eventData, "N1");
  expect(lit(data).pendingElsewhere).toBe(true);
  expect(lit({ ...data, pending_until: undefined }).pendingElsewhere).toBe(false);
});

describe("a pasted text", () => {
  const TAP = "http://localhost:8000/tap?uid=0444454D4F0001&ctr=000001&cmac=0D07D10A88B23005";
  const pasted = (text: string, into: "page" | "field" = "page"): { heard: string[]; kept: boolean } => {
    const heard: string[] = [];
    class Field extends EventTarget {
      matches = (): boolean => true;
    }
    vi.stubGlobal("Element", Field);
    const target = into === "field" ? new Field() : new EventTarget();
    const stop = listen((code) => heard.push(code), target);
    const paste = (): Event => {
      const event = Object.assign(new Event("paste", { cancelable: true }), { clipboardData: { getData: () => text } });
      target.dispatchEvent(event);
      return event;
    };
    const kept = !paste().defaultPrevented;
    stop();
    paste();
    vi.unstubAllGlobals();
    return { heard, kept };
  };

  test("is read like a scanned code anywhere on the page if it is a code or an address of a card", () => {
    expect(pasted(TAP)).toEqual({ heard: [TAP], kept: false });
    expect(pasted(`${TAP}\n`, "field")).toEqual({ heard: [TAP], kept: false });
    expect(pasted("V1:6BF+70790T")).toEqual({ heard: ["V1:6BF+70790T"], kept: false });
  });

  test("stays in its field if it is another text, and is ignored on the page if it is short or has several lines", () => {
    expect(pasted("V1:6BF+70790T", "field")).toEqual({ heard: [], kept: true });
    expect(pasted("hello")).toEqual({ heard: [], kept: true });
    expect(pasted("one line of it\nand another one")).toEqual({ heard: [], kept: true });
  });
});

test("a picture for which the server required another scan is recognised offline", () => {
  let now = 0;
  const staleCodes = new StaleCodes(() => now);
  for (now of [0, 30_000, 60_000]) staleCodes.add(7, 100, now);
  expect(staleCodes.get(7, now)).toEqual({ step: 100, at: 0 });
  expect(compare(staleCodes.get(7, now), 100, (now = 75_000))).toBe("still");
  staleCodes.add(7, 120, (now = 400_000));
  expect(staleCodes.get(7, now)).toEqual({ step: 120, at: 400_000 });
});

test("a phone with a wrong clock is admitted even if the device learns the time between its two codes", () => {
  let passed = 0;
  const staleCodes = new StaleCodes(() => passed);
  staleCodes.add(7, 100, 5_000_000);
  passed = 30_000;
  const learned = 5_030_000 - 600_000;
  expect(compare(staleCodes.get(7, learned), 101, learned)).toBe("moves");
  expect(compare(staleCodes.get(7, learned), 99, learned)).toBe("still");
  passed = 61_000;
  expect(compare(staleCodes.get(7, learned + 31_000), 100, learned + 31_000)).toBe("still");
});

describe("an exit", () => {
  const NOW = Date.parse("2026-05-09T18:00:00Z");
  const claims = { number: 2, generation: 0, gate_group: "N", holder: null, place: 1 } as unknown as Claims;
  const eventData = new EventData(structuredClone(pack), new Map());
  const unverified = (reason: VerificationFailure, whose: Claims | null = claims, step: number | null = null): Verdict => ({ type: "unverified", reason, claims: whose, step });

  test.each(["stale_step", "expired", "holder_signature_missing", "not_yet_valid"] as const)("records the exit of a code that is %s", (doubt) => {
    expect(decideExit(unverified(doubt), eventData, "N1", NOW, true)).toMatchObject({ type: "left", previous: { state: "inside" }, mayReturn: false });
  });

  test.each(["malformed", "unknown_key", "bad_signature", "wrong_event"] as const)("records no exit of a code that is %s", (doubt) => {
    expect(decideExit(unverified(doubt, doubt === "wrong_event" ? claims : null), eventData, "N1", NOW, true).type).toBe("unread");
  });

  test("does not allow re-entry after an exit with a screenshot or a recording", () => {
    const event = { ...pack.event, terms: { ...pack.event.terms, reentry: true } };
    const back = new EventData({ ...structuredClone(pack), event }, new Map());
    const now = stepAt(NOW);
    const left = (verdict: Verdict, trusted = true) => decideExit(verdict, back, "N1", NOW, trusted);
    const [comesBack, staysInside] = [{ mayReturn: true, unproved: false }, { mayReturn: false, unproved: true }];
    expect(left({ type: "verified", paper: false, claims, step: now })).toMatchObject(comesBack);
    expect(left({ type: "verified", paper: true, claims, step: null })).toMatchObject(comesBack);
    expect(left(unverified("stale_step", claims, now - 20))).toMatchObject(comesBack);
    expect(left(unverified("stale_step", claims, now - 21))).toMatchObject(staysInside);
    expect(left(unverified("stale_step", claims, now - 21), false)).toMatchObject(comesBack);
    expect(left(unverified("holder_signature_missing"))).toMatchObject(staysInside);
    expect(decideExit(unverified("holder_signature_missing"), eventData, "N1", NOW, true)).toMatchObject({ mayReturn: false, unproved: false });
  });

  test("keeps the time of the first exit", () => {
    expect(presenceAfterExit({ state: "outside", since: 5, gate: "N4", pending_until: null }, "N1", 9)).toBeNull();
    expect(presenceAfterExit({ state: "inside", since: 5, gate: "N4", pending_until: null }, "N1", 9)).toMatchObject({ state: "outside", since: 9, gate: "N1" });
  });

  test("does not change the presence of a pass that never entered, so that a screenshot cannot bar it", () => expect(presenceAfterExit(null, "N1", 9)).toBeNull());
});
