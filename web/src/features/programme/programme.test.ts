import { expect, it } from "vitest";
import type { EventSummary } from "../../shared/api/words";
import { arrange } from "./programme";

const event = (id: string, starts_at: string, more: Partial<EventSummary> = {}): EventSummary =>
  ({ id, starts_at, sale_closes_at: starts_at, series_title: null, ...more }) as EventSummary;

const NOW = Date.parse("2026-05-01T18:00:00Z");
const CUP = { fr: "Coupe", en: "Cup" };

it("shows the next event on sale first, and groups a tournament", () => {
  const closed = event("closed", "2026-05-01T17:00:00Z");
  const tonight = event("tonight", "2026-05-01T20:30:00Z");
  const later = event("later", "2026-05-03T20:00:00Z");
  const cup = ["2026-06-12T20:00:00Z", "2026-06-10T20:00:00Z"].map((at, index) => event(`cup${index}`, at, { series_title: CUP }));
  const programme = arrange([later, ...cup, closed, tonight], NOW, (event) => event.series_title?.en ?? "");
  expect(programme.first?.id).toBe("tonight");
  expect(programme.series.map((series) => [series.name, series.events.map((member) => member.id)])).toEqual([["Cup", ["cup1", "cup0"]]]);
  expect(programme.others.map((event) => event.id)).toEqual(["closed", "later"]);
});
