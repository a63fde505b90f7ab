/** Amounts and reasons of refunds. */
import type { OrderDetail, RefundReason } from "../../../shared/office/types";

/** Reasons of refunds, the most common first. */
export const REASONS: readonly RefundReason[] = ["asked", "seat_fault", "event_changed", "duplicate", "goodwill"];

/** The refund of tickets, each with its share of the fee, as the server computes it. */
export function worth(order: OrderDetail["order"], ticketIds: readonly string[]): number {
  const standing = order.lines.filter((line) => line.ticket_id && !line.refunded);
  if (ticketIds.length === standing.length) return order.total_cents - order.refunded_cents;
  const paying = order.lines.filter((line) => line.price_cents > 0).length;
  const selected = new Set(ticketIds);
  return standing
    .filter((line) => selected.has(line.ticket_id!))
    .reduce((sum, line) => sum + line.price_cents + (line.price_cents > 0 ? Math.floor(order.fee_cents / paying) : 0), 0);
}
