import { describe, expect, test } from "vitest";
import { Heartbeat } from "./heartbeat";
import { handleReply, type Reply } from "./link";

/** What a device notes of an answer. */
function noted(reply: Reply<object>): { good: boolean; updates: (boolean | "ended")[] } {
  const updates: (boolean | "ended")[] = [];
  const good = handleReply(reply, { setOnline: (online) => updates.push(online), revoke: () => updates.push("ended") });
  return { good, updates };
}
const refused = (status: number): Reply<object> => ({ ok: false, status, code: "any", data: {} });

describe("the connection state after a reply", () => {
  test("any answer of the server means online, even a refusal", () => {
    expect(noted({ ok: true, data: {}, tag: null })).toEqual({ good: true, updates: [true] });
    expect(noted(refused(409))).toEqual({ good: false, updates: [true] });
  });

  test("a timeout and a 5xx status count as offline", () => {
    for (const status of [0, 500, 503]) expect(noted(refused(status))).toEqual({ good: false, updates: [false] });
  });

  test("an invalid token revokes the device", () => {
    expect(noted(refused(401))).toEqual({ good: false, updates: ["ended"] });
  });
});

describe("the heartbeat", () => {
  test("runs at once, and never twice at the same time", async () => {
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
