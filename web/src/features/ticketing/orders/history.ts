/** The history of an order, in chronological order. */
import type { OrderDetail } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";

export interface Step {
  at: string;
  text: string;
}

export function historyOf({ order, held_at, payments, refunds, passes }: OrderDetail): Step[] {
  const { history } = words.w.order;
  const steps: Step[] = [{ at: held_at, text: history.held(order.lines.length) }];
  for (const payment of payments) {
    steps.push({ at: payment.created_at, text: history.paying(i18n.exact(payment.amount_cents)) });
    if (payment.settled_at) {
      const came = !["declined", "cancelled", "expired"].includes(payment.state);
      steps.push({ at: payment.settled_at, text: came ? history.captured : history.failed(words.w.order.payments[payment.state]) });
    }
  }
  if (order.paid_at) steps.push({ at: order.paid_at, text: history.paid });
  if (order.state === "expired") steps.push({ at: order.expires_at, text: history.expired });
  for (const refund of refunds) {
    steps.push({ at: refund.asked_at, text: history.refund(refund.ticket_ids.length, i18n.exact(refund.amount_cents), words.w.order.reasons[refund.reason]) });
    if (refund.done_at) steps.push({ at: refund.done_at, text: history.refunded(i18n.exact(refund.amount_cents)) });
  }
  for (const pass of passes) if (pass.entered_at) steps.push({ at: pass.entered_at, text: history.entered });
  return steps.map((step, index) => ({ step, index })).sort((first, second) => Date.parse(first.step.at) - Date.parse(second.step.at) || first.index - second.index).map(({ step }) => step);
}
