/** Texts of the office's page that moves an event to another version of its venue. */
import type { components } from "$web/shared/api/schema";
import { plural } from "./common";

type Affected = components["schemas"]["AffectedTicket"];
interface News {
  title: string;
  text: string;
}

export const moving = {
  title: "Move to the current version",
  lead: (venue: string) => `This event uses an earlier version of ${venue}. Tickets keep their seats wherever the current version has them; you choose what happens to the others.`,
  compare: "Compare the versions of the venue",
  current: (venue: string) => `This event uses the current version of ${venue}. There is nothing to move.`,
  summary: "What the move does",
  kept: "Places that stay the same",
  reseated: "Tickets with a new seat",
  refunded: "Tickets refunded",
  amount: "Refunds in total",
  releases: (count: number, shown: string) => (count === 1 ? "1 unpaid basket holds a seat that is gone. The move releases it." : `${shown} unpaid baskets hold seats that are gone. The move releases them.`),
  entrances: (count: number, shown: string) =>
    count === 1
      ? "1 ticket keeps its seat and gets another entrance. Its buyer gets an email; if it was printed, it is printed again."
      : `${shown} tickets keep their seats and get another entrance. Their buyers get an email; printed tickets are printed again.`,
  unaffected: "All tickets keep their seats.",
  noSeats: "No free seat is suitable",
  noSeatsText: "All affected tickets would be refunded. If you put more seats of at least the same price on sale first, they are proposed here.",
  affected: (count: number, shown: string) => (count === 1 ? "1 affected ticket" : `${shown} affected tickets`),
  choose: "Proposed seats cost the buyer nothing more, and people who booked together stay together where possible.",
  reseatAll: "New seats for all",
  refundAll: "Refund all",
  show: { label: "Show tickets", all: "All", reseated: "New seat", refunded: "Refund", none: "No seat found" },
  search: "Find an order or a seat",
  searchHint: "Order code, or block, row and seat: 113 12 14",
  noMatch: "No affected ticket matches.",
  noSeat: "No seat found",
  choiceOf: (seat: string) => `New seat or refund for ${seat}`,
  refund: (amount: string) => `Refund ${amount}`,
  reasons: {
    gone: "Seat no longer exists",
    features: "Access feature is missing",
    hospitality: "No longer hospitality",
    capacity: "Standing area is smaller",
    party: "Moves with the companion",
  } as Record<Affected["reason"], string>,
  more: (count: string) => `Show ${count} more orders`,
  shown: (count: string, all: string) => `${count} of ${all} orders`,
  act: "Move the event",
  short: (reseated: number, refunded: number, amount: string) =>
    reseated + refunded === 0 ? "No ticket changes" : `${plural(reseated, "new seat", "new seats")}, ${plural(refunded, "refund", "refunds")}${refunded ? ` (${amount})` : ""}`,
  question: "Move this event?",
  confirm: "Move the event",
  people: (count: number, shown: string) => (count === 0 ? "No tickets change." : count === 1 ? "1 buyer is affected." : `${shown} buyers are affected.`),
  willReseat: (count: number, shown: string) => (count === 0 ? "No ticket gets a new seat" : count === 1 ? "1 ticket gets a new seat" : `${shown} tickets get new seats`),
  willRefund: (count: number, shown: string, amount: string) => (count === 0 ? "No ticket is refunded" : count === 1 ? `1 ticket is refunded: ${amount}` : `${shown} tickets are refunded: ${amount}`),
  emailed: "Each of them gets one email with the old and new seats, or the refund.",
  final: "The move takes effect at once and cannot be undone.",
  done: "The event was moved",
  doneText: (reseated: number, refunded: number, amount: string) =>
    reseated + refunded === 0
      ? "Every ticket keeps its seat."
      : `${plural(reseated, "ticket has a new seat", "tickets have new seats")}. ${refunded ? `${plural(refunded, "ticket was refunded", "tickets were refunded")}: ${amount}.` : "Nothing was refunded."}`,
  emails: (count: number, shown: string) => (count === 1 ? "1 buyer gets an email." : `${shown} buyers get an email.`),
  released: (count: number, shown: string) => (count === 1 ? "1 unpaid basket was released." : `${shown} unpaid baskets were released.`),
  prices: "Blocks that are new in this version go on sale once you set their prices.",
  news: {
    moved: { title: "Someone else moved this event", text: "Your choices were not used, and nothing was changed twice. If you tried before and lost the connection, your own move may have gone through: the orders show the new seats." },
    version: { title: "The venue was changed again", text: "The list below is for its newest version. Check it before you continue." },
    sales: { title: "Tickets changed meanwhile", text: "Nothing was moved. The list below includes what was sold or refunded since: check it, then move the event." },
    taken: { title: "A chosen seat was just sold", text: "Nothing was moved. Other seats are proposed below: check them, then move the event." },
  } as Record<"moved" | "version" | "sales" | "taken", News>,
};
