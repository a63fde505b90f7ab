/** Alarms of the gates for supervisors, and detection of new ones. */
import type { DeviceStatus, GateBoard, BanHit } from "../../../shared/office/types";

export const CLOCK_OFF_MS = 5000;
export const BATTERY_LOW_PERCENT = 20;
/** Unsent scans that count as a problem; a few are normal. */
export const BACKLOG_MAX = 5;
export type Trouble = "offline" | "backlog" | "clock" | "battery";

export function troubles(device: DeviceStatus): Trouble[] {
  const problems: Trouble[] = [];
  if (!device.online || device.offline_since) problems.push("offline");
  if (device.backlog >= BACKLOG_MAX) problems.push("backlog");
  if (Math.abs(device.clock_off_ms) > CLOCK_OFF_MS) problems.push("clock");
  if (device.battery_percent !== null && device.battery_percent <= BATTERY_LOW_PERCENT) problems.push("battery");
  return problems;
}

export type Kind = "duplicate" | "hit" | "forged" | "copied" | "override" | "device";
export interface Alarm {
  key: string;
  kind: Kind;
  gate: string;
}

function kindOf({ override, reason }: GateBoard["alerts"][number]): Kind {
  if (override) return "override";
  return reason === "already_inside" ? "copied" : "forged";
}

export function alarms(board: GateBoard, hits: readonly BanHit[]): Alarm[] {
  return [
    ...board.duplicates
      .filter((duplicate) => !duplicate.resolved_at)
      .map((duplicate): Alarm => ({ key: `duplicate ${duplicate.pass_number} ${duplicate.second.device_id} ${duplicate.second.number}`, kind: "duplicate", gate: duplicate.second.gate })),
    ...hits.map((hit): Alarm => ({ key: `hit ${hit.ban_id} ${hit.device_id} ${hit.number}`, kind: "hit", gate: hit.gate })),
    ...board.alerts.map((alert): Alarm => ({ key: `special ${alert.device_id} ${alert.number}`, kind: kindOf(alert), gate: alert.gate })),
    ...board.devices.flatMap((device) => troubles(device).map((trouble): Alarm => ({ key: `device ${device.id} ${trouble}`, kind: "device", gate: device.gate }))),
  ];
}

/** Detects new alarms; one that ended and came again is new. */
export class AlarmWatch {
  #known: Set<string> | null = null;

  added(now: readonly Alarm[]): Alarm[] {
    const known = this.#known;
    this.#known = new Set(now.map((alarm) => alarm.key));
    return known ? now.filter((alarm) => !known.has(alarm.key)) : [];
  }
}
