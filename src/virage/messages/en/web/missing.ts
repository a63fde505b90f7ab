/** Messages for addresses that lead nowhere; fetched with the first of them. */
export const missing = {
  page: { title: "Page not found", text: "Check the address, or browse the events.", next: "See the events" },
  event: { title: "Event not found", text: "It may have been removed, or the link may be incomplete.", next: "See the events" },
  match: { title: "Match not found", text: "It may have been removed, or the link may be incomplete.", next: "See the events" },
  text: { title: "Page not found", text: "This version does not exist. Check the link.", next: "See the events" },
  order: { title: "Order not found", text: "It may belong to another account. Sign in with the email address you bought with, or check your orders.", next: "My orders" },
  ticket: { title: "Ticket not found", text: "It may belong to another account. Sign in with the email address you bought with, or check your tickets.", next: "My tickets" },
  transfer: { title: "Offer not found", text: "The link may be incomplete. If you got it by email, sign in with that address.", next: "My tickets" },
  food: { title: "Food order not found", text: "It may belong to another account. Sign in with the account you ordered with, or check your food orders.", next: "Food and drink" },
};
