import type { Route } from "./kernel/router.svelte";

const purse = (): Promise<{ default: unknown }> => import("./wallet/entry").then((rooms) => rooms.open());

export const routes: readonly Route[] = [
  { pattern: "/", load: () => import("./programme/Home.svelte") },
  { pattern: "/events/:id", load: () => import("./ticketing/EventPage.svelte") },
  { pattern: "/basket", load: () => import("./ticketing/BasketPage.svelte") },
  { pattern: "/orders", load: () => import("./ticketing/OrdersPage.svelte") },
  { pattern: "/orders/:id", load: () => import("./payments/OrderPage.svelte") },
  { pattern: "/tickets", load: () => import("./ticketing/TicketsPage.svelte") },
  { pattern: "/tickets/:id", load: () => import("./ticketing/TicketPage.svelte") },
  { pattern: "/purse/*", load: purse },
  { pattern: "/pay", load: purse },
  { pattern: "/tap", load: purse },
  { pattern: "/food", load: () => import("./concessions/order/entry").then((food) => food.open("outlets")) },
  { pattern: "/food/orders/:id", load: () => import("./concessions/order/entry").then((food) => food.open("order")) },
  { pattern: "/food/:outlet", load: () => import("./concessions/order/entry").then((food) => food.open("menu")) },
  { pattern: "/live/:id", load: () => import("./live/entry").then((live) => live.open()) },
  { pattern: "/r/:id", load: () => import("./replay/entry").then((replay) => replay.open()) },
  { pattern: "/pages/versions/:id", load: () => import("./pages/PageText.svelte") },
  { pattern: "/pages/:kind", load: () => import("./pages/PageText.svelte") },
  { pattern: "/sign-in", load: () => import("./people/SignInPage.svelte") },
  { pattern: "/account", load: () => import("./people/AccountPage.svelte") },
  { pattern: "/office/*", load: () => import("./office/entry").then((office) => office.open()) },
  { pattern: "/staff/gate", load: () => import("./access/entry").then((gate) => gate.open()) },
  { pattern: "/staff/till", load: () => import("./concessions/till/entry").then((till) => till.open()) },
  { pattern: "/receipt", load: () => import("./concessions/receipt/entry").then((receipt) => receipt.open()) },
  { pattern: "/staff/kitchen", load: () => import("./concessions/kitchen/entry").then((kitchen) => kitchen.open()) },
  { pattern: "/staff/desk", load: () => import("./live/desk/entry").then((desk) => desk.open()) },
  { pattern: "/staff/describe", load: () => import("./replay/describe/entry").then((describe) => describe.open("list")) },
  { pattern: "/staff/describe/:id", load: () => import("./replay/describe/entry").then((describe) => describe.open("clip")) },
  { pattern: "/*", load: () => import("./ui/Missing.svelte") },
];
