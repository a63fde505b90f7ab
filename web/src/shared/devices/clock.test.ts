import { describe, expect, test } from "vitest";
import { DeviceClock } from "./clock";

const NOW = Date.parse("2026-05-09T18:00:00Z");
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

/** A device whose own clock is off, and what it keeps over a restart. */
function device(off: number) {
  let passed = 0;
  let [true_, wrong] = [NOW, off];
  const kept = new Map<string, unknown>();
  const storage = { setting: async <T>(name: string) => kept.get(name) as T | undefined, keepSetting: async (name: string, value: unknown) => void kept.set(name, value) };
  const start = () => new DeviceClock(storage, () => passed, () => true_ + wrong);
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
    hear: () => clock.setFromServer(new Date(true_).toISOString(), passed, passed),
    show: (pass: number, ago = 0) => clock.addCode(pass, true_ - ago),
    /** Each pass twice, half a minute apart, as a phone or a film shows them: `ago` says how old the codes are. */
    come(passes: readonly number[], ago: number | ((pass: number) => number) = 0) {
      const old = typeof ago === "number" ? () => ago : ago;
      for (const pass of passes) clock.addCode(pass, true_ - old(pass));
      this.after(30_000);
      for (const pass of passes) clock.addCode(pass, true_ - old(pass));
    },
    /** Pictures of codes that were made `ago`, each held before the camera twice. */
    hold(passes: readonly number[], ago: number) {
      const made = true_ - ago;
      for (const pass of passes) clock.addCode(pass, made);
      this.after(30_000);
      for (const pass of passes) clock.addCode(pass, made);
    },
    async restart(jump = 0) {
      [passed, wrong] = [0, wrong + jump];
      clock = start();
      await clock.restore();
    },
  };
}

describe("a device's time", () => {
  test.each([-3 * HOUR, 3 * HOUR, 365 * DAY, -365 * DAY])("is the server's after its first answer, with a clock off by %d ms", (off) => {
    const tested = device(off);
    expect(tested.clock.trusted).toBe(false);
    tested.hear();
    tested.after(5 * HOUR);
    expect([tested.clock.trusted, tested.error, tested.clock.offset]).toEqual([true, 0, -off]);
  });

  test("continues if the clock is set back, and is not trusted once it was set forward or the device slept", () => {
    const tested = device(0);
    tested.hear();
    tested.set(-3 * HOUR);
    expect([tested.clock.trusted, tested.error]).toEqual([true, 0]);
    tested.hear();
    tested.sleep(2 * HOUR);
    expect([tested.clock.trusted, tested.error]).toEqual([false, 0]);
    tested.hear();
    tested.set(3 * HOUR);
    expect(tested.clock.trusted).toBe(false);
    tested.hear();
    expect([tested.clock.trusted, tested.error]).toEqual([true, 0]);
  });

  test("is the wall clock with the last offset after an offline restart, and not trusted", async () => {
    const tested = device(3 * HOUR);
    tested.hear();
    await tested.restart();
    expect([tested.clock.trusted, tested.error]).toEqual([false, 0]);
    await tested.restart(-DAY);
    expect([tested.clock.trusted, tested.error]).toEqual([false, -DAY]);
  });
});

const numbers = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe("a device without trusted time", () => {
  test.each([-3 * HOUR, 3 * HOUR, 365 * DAY, -365 * DAY])("is corrected by five phones with advancing codes, from %d ms off", async (jump) => {
    const tested = device(0);
    tested.hear();
    await tested.restart(jump);
    tested.come(numbers(1, 4));
    expect(tested.error).toBe(jump);
    tested.come([5]);
    expect([tested.error, tested.clock.trusted]).toEqual([0, false]);
    tested.after(HOUR);
    expect(tested.error).toBe(0);
  });

  test("is right within half a minute, at whatever moment each code is scanned", async () => {
    const tested = device(0);
    await tested.restart(3 * HOUR);
    const seenAfter = (pass: number) => ((pass * 7919) % 30_000) - 15_000;
    tested.come(numbers(1, 12), seenAfter);
    expect(Math.abs(tested.error)).toBeLessThan(30_000);
  });

});

describe("pictures and films at a device without trusted time", () => {
  test.each([
    ["one code each", (tested: ReturnType<typeof device>, passes: number[]) => passes.forEach((pass) => tested.show(pass, 3 * HOUR))],
    ["held twice", (tested: ReturnType<typeof device>, passes: number[]) => tested.hold(passes, 3 * HOUR)],
  ])("are ignored if they do not advance: %s", async (_, pictures) => {
    const tested = device(0);
    await tested.restart();
    pictures(tested, numbers(1, 3));
    tested.come(numbers(4, 2));
    expect(tested.error).toBe(0);
    pictures(tested, numbers(10, 40));
    expect(tested.error).toBe(0);
    tested.come(numbers(100, 5));
    expect(tested.error).toBe(0);
  });

  test.each([-3 * HOUR, 0, 3 * HOUR])("three recordings among the first five phones do not shift the clock, from %d ms off", async (jump) => {
    const tested = device(0);
    await tested.restart(jump);
    tested.come(numbers(1, 3), DAY);
    tested.come(numbers(4, 2));
    expect(tested.error).toBe(jump);
    tested.come(numbers(6, 3));
    expect(tested.error).toBe(0);
  });

  test("the latest time on which five phones agree counts: more recordings of one moment do not win", async () => {
    const tested = device(0);
    await tested.restart(3 * HOUR);
    tested.come(numbers(1, 12), DAY);
    expect(tested.error).toBe(-DAY);
    tested.come(numbers(20, 5));
    expect(tested.error).toBe(0);
    tested.come(numbers(40, 100), DAY);
    expect(tested.error).toBe(0);
  });

  test("a pass counts once, and phones that do not agree do not count", async () => {
    const tested = device(0);
    await tested.restart(3 * HOUR);
    for (let time = 0; time < 20; time += 1) tested.come([1]);
    expect(tested.error).toBe(3 * HOUR);
    tested.come(numbers(2, 6), (pass) => -pass * 10 * MINUTE);
    expect(tested.error).toBe(3 * HOUR);
    tested.come(numbers(10, 4));
    expect(tested.error).toBe(0);
  });

});

describe("a device whose clock is set meanwhile", () => {
  test("discards the times of codes once its clock was set", async () => {
    const tested = device(0);
    await tested.restart(3 * HOUR);
    tested.come(numbers(1, 5));
    expect(tested.error).toBe(0);
    tested.set(-3 * HOUR);
    expect(tested.error).toBe(0);
    tested.set(2 * HOUR);
    tested.come([6]);
    expect(tested.error).toBe(2 * HOUR);
  });

  test("corrects the time of earlier moments, in this start and in the previous one", async () => {
    const tested = device(0);
    await tested.restart(3 * HOUR);
    const then = { own: NOW + 3 * HOUR, passed: 0 };
    tested.after(10 * MINUTE);
    tested.hear();
    expect(tested.clock.corrected(then)).toBe(NOW);
    await tested.restart();
    tested.hear();
    expect(tested.clock.corrected({ ...then, passed: null })).toBe(NOW);
  });
});
