/** Orders that are paid by a debit, whose money comes days after its page. */
import type { Order } from "../../shared/api/words";

/** Whether the bank has neither paid nor refused the debit of an order that still has its seats. */
export function awaitsSettlement(order: Pick<Order, "state" | "debit">): boolean {
  return order.state === "paying" && order.debit === "awaiting";
}

/** Whether seats are in the basket: they are held or being paid, and no debit is under way. */
export function isOpen(order: Pick<Order, "state" | "debit">): boolean {
  return (order.state === "held" || order.state === "paying") && !awaitsSettlement(order);
}

/** The key of the words for the state of an order. */
export function stateOf(order: Pick<Order, "state" | "debit">): string {
  if (awaitsSettlement(order)) return "awaiting";
  return order.state === "expired" && order.debit === "failed" ? "failed" : order.state;
}
