/** Texts of the emails about an order: what was sent, its delivery, sending it again. */
import type { components } from "$web/shared/api/schema";

type Email = components["schemas"]["EmailView"];

export const emails = {
  title: "Emails",
  kinds: {
    sign_in_code: "Sign-in code",
    open_sign_in_code: "Sign-in code",
    phone_code: "Code to change phones",
    invitation: "Invitation",
    account_erased: "Account deleted",
    order_paid: "Confirmation and receipt",
    refund: "Refund",
    refund_failed: "Refund not taken by the bank",
    payout_failed: "Payout not taken by the bank",
    tickets_suspended: "Tickets on hold",
    tickets_reinstated: "Tickets valid again",
    double_payment: "Duplicate payment refunded",
    late_payment: "Late payment refunded",
    event_cancelled: "Event cancelled",
    event_moved: "New time",
    seats_changed: "New seats",
    food_receipt: "Receipt",
    top_up_off: "Automatic top-up stopped",
  } as Record<Email["kind"], string>,
  states: {
    queued: "Sending",
    sent: "Sent",
    delivered: "Delivered",
    bounced: "Not delivered",
  } as Record<Email["state"], string>,
  to: (address: string) => `to ${address}`,
  bounced: "We couldn’t deliver it. Check your email address or contact us.",
  resend: "Send again",
  resendOf: (kind: string) => `Send again: ${kind}`,
  resent: "We’re sending it again.",
  soon: "We’ve just sent it. Check your spam folder or try again later.",
  receipt: "Email me the receipt",
  receiptAsked: "We’re emailing you the receipt.",
};
