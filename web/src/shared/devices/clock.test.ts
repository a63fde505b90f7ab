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
    /** Each pass twice, half a minute apart, as a phone or a film shows them: `ago` says how old the codes are. */
    come(passes: readonly number[], ago: number | ((pass: number) => number) = 0) {
      const old = typeof ago === "number" ? () => ago : ago;
      for (const pass of passes) clock.prove(pass, true_ - old(pass));
      this.after(30_000);
      for (const pass of passes) clock.prove(pass, true_ - old(pass));
    },
    /** Pictures of codes that were made `ago`, each held before the camera twice. */
    hold(passes: readonly number[], ago: number) {
      const made = true_ - ago;
      for (const pass of passes) clock.prove(pass, made);
      this.after(30_000);
      for (const pass of passes) clock.prove(pass, made);
    },
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

const numbers = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe("a device without trusted time", () => {
  test.each([-3 * HOUR, 3 * HOUR, 365 * DAY, -365 * DAY])("is put right by five phones that move, from %d ms off", async (jump) => {
    const one = device(0);
    one.hear();
    await one.restart(jump);
    one.come(numbers(1, 4));
    expect(one.error).toBe(jump);
    one.come([5]);
    expect([one.error, one.clock.trusted]).toEqual([0, false]);
    one.after(HOUR);
    expect(one.error).toBe(0);
  });

  test("is within half a minute, whatever moment of its half minute each code is seen at", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    const seenAfter = (pass: number) => ((pass * 7919) % 30_000) - 15_000;
    one.come(numbers(1, 12), seenAfter);
    expect(Math.abs(one.error)).toBeLessThan(30_000);
  });

});

describe("pictures and films at a device without trusted time", () => {
  test.each([
    ["one code each", (one: ReturnType<typeof device>, passes: number[]) => passes.forEach((pass) => one.show(pass, 3 * HOUR))],
    ["held twice", (one: ReturnType<typeof device>, passes: number[]) => one.hold(passes, 3 * HOUR)],
  ])("is not bent by still pictures, %s, however many there are", async (_, pictures) => {
    const one = device(0);
    await one.restart();
    pictures(one, numbers(1, 3));
    one.come(numbers(4, 2));
    expect(one.error).toBe(0);
    pictures(one, numbers(10, 40));
    expect(one.error).toBe(0);
    one.come(numbers(100, 5));
    expect(one.error).toBe(0);
  });

  test.each([-3 * HOUR, 0, 3 * HOUR])("is not bent by three films among the first five, from %d ms off", async (jump) => {
    const one = device(0);
    await one.restart(jump);
    one.come(numbers(1, 3), DAY);
    one.come(numbers(4, 2));
    expect(one.error).toBe(jump);
    one.come(numbers(6, 3));
    expect(one.error).toBe(0);
  });

  test("takes the latest time on which five agree: more films of the same moment do not win", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    one.come(numbers(1, 12), DAY);
    expect(one.error).toBe(-DAY);
    one.come(numbers(20, 5));
    expect(one.error).toBe(0);
    one.come(numbers(40, 100), DAY);
    expect(one.error).toBe(0);
  });

  test("takes one pass for one, and phones that agree with nobody for nothing", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    for (let time = 0; time < 20; time += 1) one.come([1]);
    expect(one.error).toBe(3 * HOUR);
    one.come(numbers(2, 6), (pass) => -pass * 10 * MINUTE);
    expect(one.error).toBe(3 * HOUR);
    one.come(numbers(10, 4));
    expect(one.error).toBe(0);
  });

});

describe("a device whose clock is set meanwhile", () => {
  test("forgets what it proved once its clock was set", async () => {
    const one = device(0);
    await one.restart(3 * HOUR);
    one.come(numbers(1, 5));
    expect(one.error).toBe(0);
    one.set(-3 * HOUR);
    expect(one.error).toBe(0);
    one.set(2 * HOUR);
    one.come([6]);
    expect(one.error).toBe(2 * HOUR);
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
