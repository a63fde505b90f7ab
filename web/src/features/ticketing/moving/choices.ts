/** What happens to each affected ticket of a moved event: the choices, their sums, and the request. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type MovePreview = Schemas["MovePreview"];
export type AffectedTicket = Schemas["AffectedTicket"];
export type MoveResult = Schemas["EventMoveResult"];
export type Show = "all" | "reseated" | "refunded" | "none";

/** The choice of a refund; every other choice is the number of a proposed place. */
export const REFUND = "refund";
/** The choice of each affected ticket, by its id. */
export type Choices = Readonly<Record<string, string>>;

export interface AffectedOrder {
  id: string;
  code: string;
  tickets: AffectedTicket[];
}

export interface Sums {
  reseated: number;
  refunded: number;
  cents: number;
  /** Buyers with an affected ticket. */
  people: number;
}

/** Affected tickets that were paid: the others are in baskets, which the move releases. */
export const paid = (preview: MovePreview): AffectedTicket[] => preview.affected.filter((ticket) => !ticket.held);

/** Unpaid orders that the move releases. */
export const baskets = (preview: MovePreview): number => new Set(preview.affected.filter((ticket) => ticket.held).map((ticket) => ticket.order_id)).size;

/** The choices of a new preview: the earlier ones that are still possible, else the best proposal, else the refund. */
export function choicesOf(tickets: readonly AffectedTicket[], earlier: Choices = {}): Choices {
  return Object.fromEntries(
    tickets.map((ticket) => {
      const places = ticket.proposals.map(({ place }) => String(place));
      const before = earlier[ticket.ticket_id];
      return [ticket.ticket_id, before !== undefined && [...places, REFUND].includes(before) ? before : (places[0] ?? REFUND)];
    }),
  );
}

/** One choice for all: the best proposal of those that have one, or the refund. */
export const allReseated = (tickets: readonly AffectedTicket[]): Choices => choicesOf(tickets);
export const allRefunded = (tickets: readonly AffectedTicket[]): Choices => Object.fromEntries(tickets.map((ticket) => [ticket.ticket_id, REFUND]));

/** Affected tickets by order, in the order of their places. */
export function ordersOf(tickets: readonly AffectedTicket[]): AffectedOrder[] {
  const orders = new Map<string, AffectedOrder>();
  for (const ticket of tickets) {
    const order = orders.get(ticket.order_id) ?? { id: ticket.order_id, code: ticket.order_code, tickets: [] };
    order.tickets.push(ticket);
    orders.set(order.id, order);
  }
  return [...orders.values()];
}

/** The sums of the choices. The last refund of an order includes the rest of its fee, as the server computes it. */
export function sumsOf(tickets: readonly AffectedTicket[], choices: Choices): Sums {
  const refunded = tickets.filter((ticket) => choices[ticket.ticket_id] === REFUND);
  const cents = ordersOf(refunded).reduce((sum, { tickets: own }) => {
    const whole = own.length === own[0]!.order_tickets;
    return sum + (whole ? own[0]!.order_refund_cents : own.reduce((total, ticket) => total + ticket.refund_cents, 0));
  }, 0);
  return { reseated: tickets.length - refunded.length, refunded: refunded.length, cents, people: new Set(tickets.map((ticket) => ticket.buyer_id)).size };
}

/** Orders with a ticket that is shown, and whose code or one of whose seats begins with the text. */
export function shownOf(tickets: readonly AffectedTicket[], choices: Choices, show: Show, text: string): AffectedOrder[] {
  const wanted = text.trim().toLowerCase().replaceAll("-", "");
  const matches = ({ ticket_id, proposals }: AffectedTicket): boolean =>
    show === "all" || (show === "none" ? proposals.length === 0 : (choices[ticket_id] === REFUND) === (show === "refunded"));
  const named = ({ code, tickets: own }: AffectedOrder): boolean =>
    code.toLowerCase().startsWith(wanted) ||
    own.some(({ label }) => (label.area ?? [label.block, label.row, label.seat].join(" ")).toLowerCase().startsWith(wanted));
  return ordersOf(tickets).filter((order) => order.tickets.some(matches) && named(order));
}

/** The choices as the server takes them. */
export function bodyOf(choices: Choices): Record<string, Schemas["Reseat"] | Schemas["GiveBack"]> {
  return Object.fromEntries(
    Object.entries(choices).map(([id, choice]) => [id, choice === REFUND ? { kind: "refund" as const } : { kind: "place" as const, place: Number(choice) }]),
  );
}
