/** What an address did not lead to, and what to do next: fetched when it happens. */
export const missing = {
  page: { title: "Page not found", text: "Check the address, or start from the events.", next: "See the events" },
  event: { title: "Event not found", text: "It may have been removed, or the link may be incomplete.", next: "See the events" },
  match: { title: "Match not found", text: "It may have been removed, or the link may be incomplete.", next: "See the events" },
  text: { title: "Text not found", text: "This version does not exist. Check the link.", next: "See the events" },
  order: { title: "Order not found", text: "It may belong to another account. Sign in with the email address that was used to buy, or look in your orders.", next: "My orders" },
  ticket: { title: "Ticket not found", text: "It may belong to another account. Sign in with the email address that was used to buy, or look in your tickets.", next: "My tickets" },
  food: { title: "Food order not found", text: "It may belong to another account. Sign in with the account that ordered, or look in your food orders.", next: "Food and drink" },
};
