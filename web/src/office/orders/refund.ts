/** What goes back, and why. */
import type { OrderDetail, RefundReason } from "../types";

/** Why the office gives money back, the most common reason first. */
export const REASONS: readonly RefundReason[] = ["asked", "seat_fault", "event_changed", "duplicate", "goodwill"];

/** What tickets are worth when they are given back, as the box office counts it: each with its part of the fee. */
export function worth(order: OrderDetail["order"], ticketIds: readonly string[]): number {
  const standing = order.lines.filter((line) => line.ticket_id && !line.refunded);
  if (ticketIds.length === standing.length) return order.total_cents - order.refunded_cents;
  const paying = order.lines.filter((line) => line.price_cents > 0).length;
  const wanted = new Set(ticketIds);
  return standing
    .filter((line) => wanted.has(line.ticket_id!))
    .reduce((sum, line) => sum + line.price_cents + (line.price_cents > 0 ? Math.floor(order.fee_cents / paying) : 0), 0);
}
