import { describe, expect, test } from "vitest";
import { DeviceClock } from "./clock";

const NOW = Date.parse("2026-05-09T18:00:00Z");
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** A device whose own clock is off, and what it keeps over a restart. */
function device(off: number) {
  let passed = 0;
  let [true_, wrong] = [NOW, off];
  const kept = new Map<string, unknown>();
  const shelf = { setting: async <T>(name: string) => kept.get(name) as T | undefined, keepSetting: async (name: string, value: unknown) => void kept.set(name, value) };
  const start = () => new DeviceClock(shelf, () => passed, () => true_ + wrong);
  let clock = start();
  return {
    get clock() {
      return clock;
    },
    get error() {
      return clock.now() - true_;
    },
    after: (ms: number) => ([passed, true_] = [passed + ms, true_ + ms]),
    sleep: (ms: number) => (true_ += ms),
    set: (ms: number) => (wrong += ms),
    hear: () => clock.learn(new Date(true_).toISOString(), passed, passed),
    show: (pass: number, ago = 0) => clock.prove(pass, true_ - ago),
    async restart(jump = 0) {
      [passed, wrong] = [0, wrong + jump];
      clock = start();
      await clock.restore();
    },
  };
}

describe("a device's time", () => {
  test.each([-3 * HOUR, 3 * HOUR, 365 * DAY, -365 * DAY])("is the server's from its first answer on, with a clock off by %d ms", (off) => {
    const one = device(off);
    expect(one.clock.trusted).toBe(false);
    one.hear();
    one.after(5 * HOUR);
    expect([one.clock.trusted, one.error, one.clock.offset]).toEqual([true, 0, -off]);
  });

  test("is carried on though the clock is put back, and not trusted once it was set forward or the device slept", () => {
    const one = device(0);
    one.hear();
    one.set(-3 * HOUR);
    expect([one.clock.trusted, one.error]).toEqual([true, 0]);
    one.hear();
    one.sleep(2 * HOUR);
    expect([one.clock.trusted, one.error]).toEqual([false, 0]);
    one.hear();
    one.set(3 * HOUR);
    expect(one.clock.trusted).toBe(false);
    one.hear();
    expect([one.clock.trusted, one.error]).toEqual([true, 0]);
  });

  test("after a restart without network is its own clock with what it learned, and not trusted", async () => {
    const one = device(3 * HOUR);
    one.hear();
    await one.restart();
    expect([one.clock.trusted, one.error]).toEqual([false, 0]);
    await one.restart(-DAY);
    expect([one.clock.trusted, one.error]).toEqual([false, -DAY]);
  });
});

describe("a device without trusted time", () => {
  test.each([-3 * HOUR, 3 * HOUR, 365 * DAY])("is put right by the passes that it proves, from %d ms off", async (jump) => {
    const one = device(0);
    one.hear();
    await one.restart(jump);
    for (let pass = 1; pass <= 4; pass += 1) one.show(pass);
    expect(one.error).toBe(jump);
    one.show(5);
    expect([one.error, one.clock.trusted]).toEqual([0, false]);
    one.after(HOUR);
    expect(one.error).toBe(0);
  });

  test("takes no pass for two, and two films among five for nothing", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    for (let time = 0; time < 20; time += 1) one.show(1, DAY);
    expect(one.error).toBe(3 * HOUR);
    one.show(2, DAY);
    for (const pass of [3, 4, 5]) one.show(pass);
    expect(one.error).toBe(0);
  });

  test("goes by the last twenty", async () => {
    const one = device(0);
    await one.restart(0);
    for (let pass = 1; pass <= 20; pass += 1) one.show(pass, HOUR);
    expect(one.error).toBe(-HOUR);
    for (let pass = 21; pass <= 32; pass += 1) one.show(pass);
    expect(one.error).toBe(0);
  });

  test("forgets what it proved once its clock was set", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    for (let pass = 1; pass <= 5; pass += 1) one.show(pass);
    one.set(-3 * HOUR);
    expect(one.error).toBe(0);
    one.show(6);
    expect(one.error).toBe(0);
  });

  test("tells afterwards when something happened, in this start and in the one before", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    const then = { own: NOW + 3 * HOUR, passed: 0 };
    one.after(10 * MINUTE);
    one.hear();
    expect(one.clock.corrected(then)).toBe(NOW);
    await one.restart();
    one.hear();
    expect(one.clock.corrected({ ...then, passed: null })).toBe(NOW);
  });
});
