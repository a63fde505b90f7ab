import { describe, expect, test } from "vitest";
import { Heartbeat } from "./heartbeat";
import { heard, type Reply } from "./link";

/** What a device notes of an answer. */
function noted(reply: Reply<object>): { good: boolean; told: (boolean | "ended")[] } {
  const told: (boolean | "ended")[] = [];
  const good = heard(reply, { hear: (online) => told.push(online), end: () => told.push("ended") });
  return { good, told };
}
const refused = (status: number): Reply<object> => ({ ok: false, status, code: "any", data: {} });

describe("what an answer says of the network", () => {
  test("any word of the server means that there is network, a refusal too", () => {
    expect(noted({ ok: true, data: {}, tag: null })).toEqual({ good: true, told: [true] });
    expect(noted(refused(409))).toEqual({ good: false, told: [true] });
  });

  test("silence and the server's own failures count as no network", () => {
    for (const status of [0, 500, 503]) expect(noted(refused(status))).toEqual({ good: false, told: [false] });
  });

  test("a token that is no more is the end of the device, whatever the network", () => {
    expect(noted(refused(401))).toEqual({ good: false, told: ["ended"] });
  });
});

describe("the heartbeat", () => {
  test("begins at once, and waits for what it does before it does it again", async () => {
    const outside = new EventTarget();
    Object.assign(globalThis, {
      addEventListener: outside.addEventListener.bind(outside),
      removeEventListener: outside.removeEventListener.bind(outside),
    });
    let beats = 0;
    let finish = (): void => undefined;
    const stop = new Heartbeat(() => {
      beats += 1;
      return new Promise<void>((resolve) => (finish = resolve));
    }).begin();
    expect(beats).toBe(1);
    outside.dispatchEvent(new Event("online"));
    expect(beats).toBe(1);
    finish();
    await Promise.resolve();
    await Promise.resolve();
    outside.dispatchEvent(new Event("online"));
    expect(beats).toBe(2);
    stop();
    finish();
    await Promise.resolve();
    await Promise.resolve();
    outside.dispatchEvent(new Event("online"));
    expect(beats).toBe(2);
  });
});
