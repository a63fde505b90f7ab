import { expect, it } from "vitest";
import type { EventInfo } from "../api/words";
import { arrange } from "./programme";

const event = (id: string, starts_at: string, more: Partial<EventInfo> = {}): EventInfo =>
  ({ id, starts_at, ends_at: starts_at.replace("T20", "T23"), sale_closes_at: starts_at, state: "published", ...more }) as EventInfo;

const NOW = Date.parse("2026-05-01T12:00:00Z");
const name = (of: EventInfo): string => (typeof of.series === "string" ? of.series : "");

it("puts the next event that can be bought first, and groups a tournament", () => {
  const past = event("past", "2026-04-30T20:00:00Z");
  const cancelled = event("cancelled", "2026-05-01T20:00:00Z", { state: "cancelled" });
  const tonight = event("tonight", "2026-05-01T20:30:00Z");
  const [one, two] = [event("t2", "2026-06-12T20:00:00Z", { series: "Cup" }), event("t1", "2026-06-10T20:00:00Z", { series: "Cup" })];
  const programme = arrange([one, past, two, tonight, cancelled], NOW, name);
  expect(programme.first?.id).toBe("tonight");
  expect(programme.series.map((series) => [series.name, series.events.map((member) => member.id)])).toEqual([["Cup", ["t1", "t2"]]]);
  expect(programme.others.map((other) => other.id)).toEqual(["cancelled"]);
});
