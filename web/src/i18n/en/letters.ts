/** The words of emails about an order: what was sent, what became of it, sending it again. */
import type { components } from "../../api/schema";

type Letter = components["schemas"]["LetterView"];

export const letters = {
  title: "Emails",
  kinds: {
    sign_in_code: "Sign-in code",
    open_sign_in_code: "Sign-in code",
    phone_code: "Code to change phones",
    invitation: "Invitation",
    account_erased: "Account deleted",
    order_paid: "Confirmation and receipt",
    refund: "Refund",
    double_payment: "Second payment returned",
    late_payment: "Late payment returned",
    event_cancelled: "Event cancelled",
    event_moved: "New time",
    food_receipt: "Receipt",
    top_up_off: "Automatic top-up stopped",
  } as Record<Letter["kind"], string>,
  states: {
    queued: "Sending",
    sent: "Sent",
    delivered: "Delivered",
    bounced: "Not delivered",
  } as Record<Letter["state"], string>,
  to: (address: string) => `to ${address}`,
  bounced: "The address did not accept it. Check your address, or contact us.",
  resend: "Send again",
  resendOf: (kind: string) => `Send again: ${kind}`,
  resent: "We’re sending it again.",
  soon: "We’ve just sent it. Check your spam folder, or try again later.",
  receipt: "Email me the receipt",
  receiptAsked: "We’re sending the receipt to your email address.",
};
