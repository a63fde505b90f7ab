import type { Route } from "./kernel/router.svelte";

export const routes: readonly Route[] = [
  { pattern: "/", load: () => import("./programme/Home.svelte") },
  { pattern: "/events/:id", load: () => import("./ticketing/EventPage.svelte") },
  { pattern: "/basket", load: () => import("./ticketing/BasketPage.svelte") },
  { pattern: "/orders", load: () => import("./ticketing/OrdersPage.svelte") },
  { pattern: "/orders/:id", load: () => import("./payments/OrderPage.svelte") },
  { pattern: "/tickets", load: () => import("./ticketing/TicketsPage.svelte") },
  { pattern: "/tickets/:id", load: () => import("./ticketing/TicketPage.svelte") },
  { pattern: "/purse", load: () => import("./wallet/entry").then((purse) => purse.open()) },
  { pattern: "/food", load: () => import("./concessions/order/entry").then((food) => food.open("outlets")) },
  { pattern: "/food/orders/:id", load: () => import("./concessions/order/entry").then((food) => food.open("order")) },
  { pattern: "/food/:outlet", load: () => import("./concessions/order/entry").then((food) => food.open("menu")) },
  { pattern: "/sign-in", load: () => import("./people/SignInPage.svelte") },
  { pattern: "/account", load: () => import("./people/AccountPage.svelte") },
  { pattern: "/office/*", load: () => import("./office/entry").then((office) => office.open()) },
  { pattern: "/staff/gate", load: () => import("./access/entry").then((gate) => gate.open()) },
  { pattern: "/staff/kitchen", load: () => import("./concessions/kitchen/entry").then((kitchen) => kitchen.open()) },
  { pattern: "/*", load: () => import("./ui/Missing.svelte") },
];
