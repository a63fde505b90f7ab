/** Labels and tones of orders and payments. */
import type { OrderDetail, OrderRefund } from "../../../shared/office/types";
import type { Tone } from "../../programme/events/state";
import { words } from "../../../shared/office/words.svelte";
import { awaitsSettlement } from "../debits";

type State = OrderDetail["order"]["state"];
const TONES: Record<State, Tone> = { held: "warn", paying: "warn", paid: "good", released: "plain", expired: "plain", refunded: "bad" };

export function orderState(order: Pick<OrderDetail["order"], "state" | "debit" | "refunded_cents">): { text: string; tone: Tone } {
  if (awaitsSettlement(order)) return { text: words.w.orders.debits.awaiting, tone: "warn" };
  if (order.state === "expired" && order.debit === "failed") return { text: words.w.orders.debits.failed, tone: "plain" };
  const part = order.state === "paid" && order.refunded_cents > 0;
  return { text: part ? words.w.orders.partlyRefunded : words.w.orders.states[order.state], tone: part ? "warn" : TONES[order.state] };
}

export function refundState(refund: OrderRefund): { text: string; tone: Tone } {
  const { order } = words.w;
  if (refund.done_at) return { text: `${order.refundPaid[refund.paid_by]} ${words.stamp(refund.done_at)}`, tone: "good" };
  if (refund.failed_at) return { text: order.refundFailed, tone: "bad" };
  return { text: order.refundRunning, tone: "warn" };
}

export function passState(pass: OrderDetail["passes"][number] | undefined, zone: string): string {
  const { passes } = words.w.order;
  if (!pass) return "";
  if (pass.entered_at) return passes.inside(words.stamp(pass.entered_at, zone));
  if (pass.suspended) return passes.suspended;
  return pass.revoked ? passes.revoked : passes[pass.form];
}
