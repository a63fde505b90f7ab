/** When fans may ask for help at an event: from two hours before the doors until three hours after the end. */
import type { Ticket } from "../../../shared/api/words";

const BEFORE_DOORS_MS = 2 * 3_600_000;
const AFTER_END_MS = 3 * 3_600_000;

export function isHelped({ doors_at, ends_at, cancelled }: Ticket["event"], now: number): boolean {
  return !cancelled && now >= Date.parse(doors_at) - BEFORE_DOORS_MS && now <= Date.parse(ends_at) + AFTER_END_MS;
}
