import { afterEach, beforeEach, expect, it } from "vitest";
import { i18n } from "./i18n.svelte";

beforeEach(() => void (i18n.locale = "fr"));
afterEach(() => void (i18n.zone = "Europe/Paris"));

it("writes times in the zone of the venue, also after a change of the zone", () => {
  const goal = "2026-10-31T23:30:00Z";
  expect(i18n.time(goal)).toBe("00:30");
  i18n.zone = "America/New_York";
  expect(i18n.time(goal)).toBe("19:30");
  expect(i18n.day(goal)).toBe("samedi 31 octobre");
  expect(i18n.date(goal, { timeZone: "UTC", hour: "2-digit", minute: "2-digit" })).toBe("23:30");
});
