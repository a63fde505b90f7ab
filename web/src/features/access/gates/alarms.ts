/** What a supervisor must see first, and which of it is new. */
import type { DeviceStatus, GateBoard, BanHit } from "../../../shared/office/types";

export const CLOCK_OFF_MS = 5000;
export const BATTERY_LOW_PERCENT = 20;
/** One or two scans are always on their way. */
export const BACKLOG = 5;
export type Trouble = "offline" | "backlog" | "clock" | "battery";

export function troubles(device: DeviceStatus): Trouble[] {
  const found: Trouble[] = [];
  if (!device.online || device.offline_since) found.push("offline");
  if (device.backlog >= BACKLOG) found.push("backlog");
  if (Math.abs(device.clock_off_ms) > CLOCK_OFF_MS) found.push("clock");
  if (device.battery_percent !== null && device.battery_percent <= BATTERY_LOW_PERCENT) found.push("battery");
  return found;
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
      .filter((one) => !one.resolved_at)
      .map((one): Alarm => ({ key: `duplicate ${one.pass_number} ${one.second.device_id} ${one.second.number}`, kind: "duplicate", gate: one.second.gate })),
    ...hits.map((one): Alarm => ({ key: `hit ${one.ban_id} ${one.device_id} ${one.number}`, kind: "hit", gate: one.gate })),
    ...board.alerts.map((one): Alarm => ({ key: `special ${one.device_id} ${one.number}`, kind: kindOf(one), gate: one.gate })),
    ...board.devices.flatMap((one) => troubles(one).map((trouble): Alarm => ({ key: `device ${one.id} ${trouble}`, kind: "device", gate: one.gate }))),
  ];
}

/** What was not there when it was last asked; an alarm that ends and comes again is new. */
export class Watch {
  #known: Set<string> | null = null;

  fresh(now: readonly Alarm[]): Alarm[] {
    const known = this.#known;
    this.#known = new Set(now.map((one) => one.key));
    return known ? now.filter((one) => !known.has(one.key)) : [];
  }
}
