import { describe, expect, it } from "vitest";
import type { DeviceStatus } from "../../../shared/office/types";
import { AlarmWatch, troubles, type Alarm } from "./alarms";

const device = (changes: Partial<DeviceStatus>): DeviceStatus => ({
  id: "1", name: "Phone", gate: "A1", online: true, last_seen_at: "", offline_since: null, backlog: 0, clock_off_ms: 0,
  battery_percent: null, person_id: null, person_name: null, ...changes,
});
const alarm = (key: string): Alarm => ({ key, kind: "hit", gate: "A1" });

describe("alarms", () => {
  it("a healthy device raises no alarm, each of its problems raises one", () => {
    expect(troubles(device({ backlog: 4, clock_off_ms: -5000, battery_percent: 21 }))).toEqual([]);
    expect(troubles(device({ online: false, backlog: 5, clock_off_ms: -5001, battery_percent: 20 }))).toEqual(["offline", "backlog", "clock", "battery"]);
    expect(troubles(device({ offline_since: "2026-05-09T18:00:00Z" }))).toEqual(["offline"]);
  });

  it("existing alarms are not announced, later ones are announced once", () => {
    const watch = new AlarmWatch();
    expect(watch.added([alarm("a")])).toEqual([]);
    expect(watch.added([alarm("a"), alarm("b")])).toEqual([alarm("b")]);
    expect(watch.added([alarm("a"), alarm("b")])).toEqual([]);
  });
});
