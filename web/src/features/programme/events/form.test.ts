import { beforeEach, describe, expect, it } from "vitest";
import type { OfficeEvent } from "../../../shared/office/types";
import { blank, contentOf, formOf, type EventForm } from "./form";

const NEW_YORK = { code: "arena", time_zone: "America/New_York" };
const NOON = Date.parse("2026-05-01T12:00:00Z");
const LATE = Date.parse("2026-05-01T02:00:00Z");
let form: EventForm;

const starting = (local: string): string | undefined => contentOf({ ...form, starts_at: local }, null).content?.starts_at;

describe("the form of a new event", () => {
  beforeEach(() => {
    form = blank(NOON, "club", NEW_YORK);
  });

  it("has its times in the zone of the venue", () => {
    expect([form.venue_code, form.starts_at, form.doors_at]).toEqual(["arena", "2026-05-15T21:00", "2026-05-15T19:00"]);
    expect(contentOf(form, null).content?.starts_at).toBe("2026-05-16T01:00:00Z");
    expect([starting("2026-07-04T19:30"), starting("2026-12-04T19:30")]).toEqual(["2026-07-04T23:30:00Z", "2026-12-05T00:30:00Z"]);
  });

  it("begins with the day of the venue", () => {
    expect(blank(LATE, "club", NEW_YORK).starts_at).toBe("2026-05-14T21:00");
    expect(blank(LATE, "club", null)).toMatchObject({ venue_code: "", starts_at: "2026-05-15T21:00" });
  });

  it("keeps its times as typed when another venue is chosen", () => {
    form.time_zone = "Europe/Paris";
    expect(contentOf(form, null).content?.starts_at).toBe("2026-05-15T19:00:00Z");
  });
});

it("shows an event in the zone of its venue and stores the same instants", () => {
  const times = { doors_at: "2026-10-31T22:00:00Z", starts_at: "2026-11-01T00:00:00Z", ends_at: "2026-11-01T02:00:00Z" };
  const event = {
    ...times, sale_opens_at: "2026-10-01T14:00:00Z", sale_closes_at: "2026-11-01T00:45:00Z", kind: "match", title: { en: "Final" },
    organiser_id: "club", venue_code: "arena", time_zone: "America/New_York",
  } as unknown as OfficeEvent["event"];
  const shown = formOf(event);
  expect([shown.starts_at, shown.venue_code]).toEqual(["2026-10-31T20:00", "arena"]);
  expect(contentOf(shown, null).content).toMatchObject(times);
});
