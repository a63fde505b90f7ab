import { describe, expect, test, vi } from "vitest";
import vectors from "../../../../../docs/vectors/access.json";
import { issuerKeys, type Claims, type Doubt, type Verdict } from "../../../shared/passes/verify";
import { base64url } from "../../../shared/passes/base64";
import { stepAt } from "../../../shared/passes/code";
import { pinHolds } from "../../../shared/devices/pin";
import { listen } from "../../../shared/devices/wedge";
import { Bits } from "./bits";
import { compare } from "./decide";
import { Ground, isOlder, opened } from "./ground";
import { isTorn, knowsBetter, Memory, proven, proveTime, unanswered } from "./judge";
import { gone, leaving } from "./leaving";
import { ofAnswer } from "./light";
import { roleAtGates } from "./role";
import type { Changes, Pack, ScanAnswer, SealedPack } from "./wire";

const EVENT = "01970000-0000-7000-8000-0000a11ce001";
const KID = "AQIDBA";
const NOBODY = base64url(new Uint8Array(2));
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
  bitmaps: { revoked: NOBODY, flagged: NOBODY, inside: INSIDE, outside: NOBODY },
  generations: [[3, 2]],
  directory: { places: [[41, 7]], orders: { "VIR-1": [7, 8] } },
  roster: [],
};
const news = (more: Partial<Changes>): Changes => ({
  version: "1-2",
  reload: false,
  revoked: [],
  flagged: [],
  unflagged: [],
  inside: [],
  outside: [],
  generations: [],
  gates: {},
  zones: {},
  ...more,
});

async function issuer() {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const published = [{ event_id: EVENT, keys: [{ kid: KID, x: x! }] }];
  const seal = async (purpose: string, document: object): Promise<SealedPack> => {
    const body = new TextEncoder().encode(JSON.stringify(document));
    const message = new Uint8Array([...new TextEncoder().encode(`${purpose}\0`), ...body]);
    const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
    return { body: base64url(body), kid: KID, signature: base64url(signature) };
  };
  return { published, seal };
}

describe("a pack is believed only under the event's own key", () => {
  test("as it was sealed", async () => {
    const { published, seal } = await issuer();
    expect(await opened(await seal("virage:pack:v1", pack), await issuerKeys(published), EVENT)).toEqual(pack);
  });

  test("not under another key, for another purpose, of another event, or changed", async () => {
    const [mine, other] = [await issuer(), await issuer()];
    const keys = await issuerKeys(mine.published);
    const good = await mine.seal("virage:pack:v1", pack);
    const changed = { ...good, body: base64url(new TextEncoder().encode(JSON.stringify({ ...pack, passes: 17 }))) };
    expect(await opened(await other.seal("virage:pack:v1", pack), keys, EVENT)).toBeNull();
    expect(await opened(await mine.seal("virage:scan:v1", pack), keys, EVENT)).toBeNull();
    expect(await opened(good, keys, EVENT.replace("1", "2"))).toBeNull();
    expect(await opened(changed, keys, EVENT)).toBeNull();
  });
});

test("a pack of an hour ago, as good as its seal is, takes no newer one's place", () => {
  const sealedAt = (expires_at: string, id = EVENT): Pack => ({ ...pack, expires_at, event: { ...pack.event, id } });
  const held = sealedAt("2026-05-10T17:00:00Z");
  expect(isOlder(sealedAt("2026-05-10T16:00:00.5Z"), held)).toBe(true);
  expect(isOlder(sealedAt("2026-05-10T17:00:00Z"), held)).toBe(false);
  expect(isOlder(sealedAt("2026-05-10T18:00:00Z"), held)).toBe(false);
  expect(isOlder(sealedAt("2026-05-10T16:00:00Z", EVENT.replace("1", "2")), held)).toBe(false);
});

test("a device does not ask about whom it let in while the server may not have been told", () => {
  const ground = new Ground(structuredClone(pack), new Map());
  const bearer = (number: number): Claims => ({ number }) as Claims;
  ground.saw({ number: 5, generation: 0, presence: { state: "inside", since: 1, gate: "N1", pending_until: null } });
  expect(knowsBetter(ground, "N1", bearer(5), 1)).toBe(true);
  expect(knowsBetter(ground, "N1", bearer(5), 0)).toBe(false);
  expect(knowsBetter(ground, "N2", bearer(5), 1)).toBe(false);
  expect(knowsBetter(ground, "N1", bearer(6), 1)).toBe(false);
  expect(knowsBetter(ground, "N1", null, 1)).toBe(false);
});

test("whom the server let in while the device waited in vain for that very answer still stands before it", () => {
  const ground = new Ground(structuredClone(pack), new Map());
  const before = ground.known(5);
  ground.saw({ number: 5, generation: 1, presence: { state: "inside", since: 9, gate: "N1", pending_until: null } });
  const after = ground.known(5);
  expect(unanswered(before, after, "N1")).toEqual({ ...after, presence: before.presence });
  expect(unanswered(before, after, "N2")).toEqual(after);
  expect(unanswered(after, after, "N1")).toEqual(after);
});

describe("what a device knows of a pass", () => {
  test("the pack tells where, the latest word since when, in whatever order words come", () => {
    const ground = new Ground(structuredClone(pack), new Map());
    expect(ground.known(2).presence).toMatchObject({ state: "inside", since: 0 });
    ground.apply(news({ outside: [[2, "N4", "2026-05-09T18:30:00Z"]] }));
    ground.apply(news({ inside: [[2, "N1", "2026-05-09T18:00:00Z"]] }));
    expect(ground.known(2).presence).toMatchObject({ state: "outside", gate: "N4" });
  });

  test("a generation only rises, a flag comes and goes, a revoked pass stays revoked", () => {
    const ground = new Ground(structuredClone(pack), new Map());
    ground.apply(news({ generations: [[3, 1], [4, 5]], flagged: [6], revoked: [7] }));
    ground.apply(news({ unflagged: [6] }));
    expect([ground.known(3).generation, ground.known(4).generation]).toEqual([2, 5]);
    expect(ground.known(6).flagged).toBe(false);
    expect(ground.known(7).revoked).toBe(true);
  });

  test("a standing area is a zone of its own", () => {
    const ground = new Ground(pack, new Map());
    expect(ground.post("N1").zone_full).toBe(false);
    expect(ground.post("N1", "PEL").zone_full).toBe(true);
  });

  test("a gate that the pack does not have is closed", () => {
    expect(new Ground(pack, new Map()).post("Z9").closed).toBe(true);
  });
});

test("a bitmap grows for passes that were issued later", () => {
  const bits = new Bits(new Uint8Array(1));
  bits.put(59_186, true);
  expect([bits.has(59_186), bits.has(59_185), bits.count]).toEqual([true, false, 1]);
});

test("a PIN holds against what Python's pbkdf2_hmac makes of it", async () => {
  const steward = { id: "a", name: "A", supervisor: false, salt: "AAECAwQFBgcICQoLDA0ODw==", iterations: 1000, verifier: "8P5VBAqd9wHQYlZeHDfANdsDfdMrYO22xBSscpb6mDs=" };
  expect(await pinHolds(steward, "480527")).toBe(true);
  expect(await pinHolds(steward, "480528")).toBe(false);
});

describe("a hand scanner that types", () => {
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

  test("is heard when its keys come fast and end with Enter", () => {
    expect(typed([..."V1:6BF+70790", "Shift", "T", "Enter"], 5)).toEqual(["V1:6BF+70790T"]);
  });

  test("is heard between the words of a person", () => {
    expect(typed([..."abc", "Enter", ..."V1:6BF+70790T", "Enter"], 5)).toEqual(["V1:6BF+70790T"]);
  });

  test.each([0, 10, 61, 120, 300])("is heard with pauses of %d ms, as a busy device makes them", (pause) => {
    expect(typed(CODE, pause)).toEqual(["V1:6BF+70790T"]);
    expect(typed(CODE, [5, 5, 5, 5, 5, pause])).toEqual(["V1:6BF+70790T"]);
    expect(typed(CODE, pause, "field")).toEqual(["V1:6BF+70790T"]);
  });

  test("is not a person who types into a field, nor a short word, nor what a longer pause cuts", () => {
    expect(typed([..."Camille Durand", "Enter"], 120, "field")).toEqual([]);
    expect(typed([..."hello", "Enter"], 5)).toEqual([]);
    expect(typed(CODE, 301)).toEqual([]);
    expect(typed([..."V1:6BF+70790T$%*+-./:", "Enter"], [5, 5, 5, 5, 301])).toEqual(["BF+70790T$%*+-./:"]);
  });
});

describe("a code of which a scanner lost a part", () => {
  const { text } = vectors.cases[0]!;

  test("is known by its head or by its alphabet", () => {
    for (const torn of [text.slice(0, 200), text.slice(5), text.slice(100, 300)]) expect(isTorn(torn)).toBe(true);
  });

  test("is not a whole code, nor another text", () => {
    const certificate = `HC1:${text.slice(3)}`;
    for (const other of [text, "https://example.org/", "1234567890123", "203 12 8", certificate]) expect(isTorn(other)).toBe(false);
  });
});

describe("a device without trusted time", () => {
  const { text, now } = vectors.cases[0]!;
  const paper = vectors.cases.find(({ name }) => name === "paper")!.text;
  const YEAR_MS = 365 * 86_400_000;
  const at = async (code: string, when: number, trusted: boolean): Promise<Verdict> => {
    const event = { ...pack.event, id: vectors.event_id };
    return proven(new Ground({ ...structuredClone(pack), event }, await issuerKeys(vectors.issuers)), code, when, trusted);
  };

  test.each([-YEAR_MS, YEAR_MS])("takes a good code that seems out of its time by a year for a phone to be asked again", async (off) => {
    expect(await at(text, now + off, true)).toMatchObject({ type: "unverified", reason: off < 0 ? "not_yet_valid" : "expired" });
    expect(await at(text, now + off, false)).toMatchObject({ type: "unverified", reason: "stale_step", claims: { number: 12345 } });
    expect(await at(paper, now + off, false)).toMatchObject({ type: "verified", paper: true });
  });

  test("takes no forgery for a good code", async () => {
    const changed = text.slice(0, -1) + (text.endsWith("0") ? "1" : "0");
    expect(await at(changed, now + YEAR_MS, false)).toMatchObject({ reason: "expired" });
  });

  test("learns the time of phones alone, and only where their signature held", async () => {
    const proved: [number, number][] = [];
    const time = { prove: (pass: number, when: number) => void proved.push([pass, when]) };
    proveTime(time, await at(text, now + YEAR_MS, false));
    proveTime(time, await at(paper, now, false));
    proveTime(time, await at(`${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`, now, false));
    expect(proved).toEqual([[12345, now + 15_000]]);
  });
});

test("a role of some gates works at these alone, one of the event everywhere, and one of another event not here", () => {
  const grant = (role: string, scope: string, scope_id: string | null = null) => ({ role, scope, scope_id });
  expect(roleAtGates([grant("steward", "gate", "A")], EVENT)).toEqual({ supervisor: false, posts: ["A"] });
  expect(roleAtGates([grant("steward", "gate", "A"), grant("supervisor", "event", EVENT)], EVENT)).toEqual({ supervisor: true, posts: null });
  expect(roleAtGates([grant("steward", "event", "another")], EVENT)).toBeNull();
  expect(roleAtGates([grant("cashier", "all"), grant("admin", "outlet", "07")], EVENT)).toBeNull();
});

const refused = (about: Partial<ScanAnswer>): ScanAnswer => ({ number: 1, outcome: "refused", identity_check: false, clock_off_s: 0, ...about });

test("a refusal of the server has its own light, and an unknown one is not taken for a bad ticket", () => {
  const ground = new Ground(structuredClone(pack), new Map());
  const reasonOf = (reason: string) => ofAnswer(refused({ reason }), ground, "N1").reason;
  for (const reason of ["forged_scan", "invalid_scan", "unknown_event", "event_not_on", "out_of_date"]) expect(reasonOf(reason)).toBe(reason);
  expect(reasonOf("of_next_year")).toBe("invalid_scan");
});

test("whoever waits at another gate's turnstile is not told to be inside", () => {
  const ground = new Ground(structuredClone(pack), new Map());
  const data = { since: "2026-05-09T18:00:00Z", gate: "N2", pending_until: "2026-05-09T18:01:00Z" };
  const lit = (more: object) => ofAnswer(refused({ reason: "already_inside", data: more as Record<string, unknown> }), ground, "N1");
  expect(lit(data).waitsElsewhere).toBe(true);
  expect(lit({ ...data, pending_until: undefined }).waitsElsewhere).toBe(false);
});

describe("what somebody pastes", () => {
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

  test("is heard as what a reader types, wherever it is pasted, if a card showed it", () => {
    expect(pasted(TAP)).toEqual({ heard: [TAP], kept: false });
    expect(pasted(`${TAP}\n`, "field")).toEqual({ heard: [TAP], kept: false });
    expect(pasted("V1:6BF+70790T")).toEqual({ heard: ["V1:6BF+70790T"], kept: false });
  });

  test("stays in its field if it is anything else, and on the page if it is a short word or a text of lines", () => {
    expect(pasted("V1:6BF+70790T", "field")).toEqual({ heard: [], kept: true });
    expect(pasted("hello")).toEqual({ heard: [], kept: true });
    expect(pasted("one line of it\nand another one")).toEqual({ heard: [], kept: true });
  });
});

test("a picture that the server called amber again and again is still known for one when the network goes", () => {
  let now = 0;
  const memory = new Memory(() => now);
  for (now of [0, 30_000, 60_000]) memory.amber(7, 100, now);
  expect(memory.of(7, now)).toEqual({ step: 100, at: 0 });
  expect(compare(memory.of(7, now), 100, (now = 75_000))).toBe("still");
  memory.amber(7, 120, (now = 400_000));
  expect(memory.of(7, now)).toEqual({ step: 120, at: 400_000 });
});

test("a device that learns the time between two codes of a wrong phone lets it in", () => {
  let passed = 0;
  const memory = new Memory(() => passed);
  memory.amber(7, 100, 5_000_000);
  passed = 30_000;
  const learned = 5_030_000 - 600_000;
  expect(compare(memory.of(7, learned), 101, learned)).toBe("moves");
  expect(compare(memory.of(7, learned), 99, learned)).toBe("still");
  passed = 61_000;
  expect(compare(memory.of(7, learned + 31_000), 100, learned + 31_000)).toBe("still");
});

describe("an exit", () => {
  const NOW = Date.parse("2026-05-09T18:00:00Z");
  const claims = { number: 2, generation: 0, gate_group: "N", holder: null, place: 1 } as unknown as Claims;
  const ground = new Ground(structuredClone(pack), new Map());
  const unverified = (reason: Doubt, whose: Claims | null = claims, step: number | null = null): Verdict => ({ type: "unverified", reason, claims: whose, step });

  test.each(["stale_step", "expired", "holder_signature_missing", "not_yet_valid"] as const)("takes %s for who leaves", (doubt) => {
    expect(leaving(unverified(doubt), ground, "N1", NOW, true)).toMatchObject({ type: "left", before: { state: "inside" }, mayReturn: false });
  });

  test.each(["malformed", "unknown_key", "bad_signature", "wrong_event"] as const)("takes %s for nobody", (doubt) => {
    expect(leaving(unverified(doubt, doubt === "wrong_event" ? claims : null), ground, "N1", NOW, true).type).toBe("unread");
  });

  test("lets nobody back in by a picture or a film where the house lets people back in", () => {
    const event = { ...pack.event, terms: { ...pack.event.terms, reentry: true } };
    const back = new Ground({ ...structuredClone(pack), event }, new Map());
    const now = stepAt(NOW);
    const left = (verdict: Verdict, trusted = true) => leaving(verdict, back, "N1", NOW, trusted);
    const [comesBack, staysInside] = [{ mayReturn: true, unproved: false }, { mayReturn: false, unproved: true }];
    expect(left({ type: "verified", paper: false, claims, step: now })).toMatchObject(comesBack);
    expect(left({ type: "verified", paper: true, claims, step: null })).toMatchObject(comesBack);
    expect(left(unverified("stale_step", claims, now - 20))).toMatchObject(comesBack);
    expect(left(unverified("stale_step", claims, now - 21))).toMatchObject(staysInside);
    expect(left(unverified("stale_step", claims, now - 21), false)).toMatchObject(comesBack);
    expect(left(unverified("holder_signature_missing"))).toMatchObject(staysInside);
    expect(leaving(unverified("holder_signature_missing"), ground, "N1", NOW, true)).toMatchObject({ mayReturn: false, unproved: false });
  });

  test("keeps the first time somebody left", () => {
    expect(gone({ state: "outside", since: 5, gate: "N4", pending_until: null }, "N1", 9)).toBeNull();
    expect(gone({ state: "inside", since: 5, gate: "N4", pending_until: null }, "N1", 9)).toMatchObject({ state: "outside", since: 9, gate: "N1" });
  });

  test("says nothing of who never came, for a picture must keep nobody out", () => expect(gone(null, "N1", 9)).toBeNull());
});
