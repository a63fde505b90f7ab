import type { Route } from "../../shared/runtime/router.svelte";

type WalletPage = Parameters<(typeof import("../../features/wallet/entry"))["page"]>[0];
const wallet = (name: WalletPage): Route["load"] => () => import("../../features/wallet/entry").then((wallet) => wallet.page(name));

type PackagesPage = Parameters<(typeof import("../../features/packages/entry"))["open"]>[0];
const packages = (name: PackagesPage): Route["load"] => () => import("../../features/packages/entry").then((packages) => packages.open(name));

/** Routes of the fan app. The build passes them to the server, which answers 404 to others. */
export const routes: readonly Route[] = [
  { pattern: "/", load: () => import("../../features/programme/Home.svelte") },
  { pattern: "/events/:id", load: () => import("../../features/ticketing/EventPage.svelte") },
  { pattern: "/events/:id/exchange", load: () => import("../../features/ticketing/exchange/entry").then((exchange) => exchange.open()) },
  { pattern: "/events/:id/draw", load: () => import("../../features/draws/entry").then((draws) => draws.open()) },
  { pattern: "/basket", load: () => import("../../features/ticketing/BasketPage.svelte") },
  { pattern: "/orders", load: () => import("../../features/ticketing/OrdersPage.svelte") },
  { pattern: "/orders/:id", load: () => import("../../features/payments/OrderPage.svelte") },
  { pattern: "/tickets", load: () => import("../../features/ticketing/TicketsPage.svelte") },
  { pattern: "/tickets/:id", load: () => import("../../features/ticketing/TicketPage.svelte") },
  { pattern: "/transfers/:id", load: () => import("../../features/ticketing/transfers/entry").then((transfers) => transfers.open()) },
  { pattern: "/packages", load: packages("list") },
  { pattern: "/packages/:id", load: packages("package") },
  { pattern: "/renewals/:id", load: () => import("../../features/seasons/entry").then((seasons) => seasons.open()) },
  { pattern: "/subscriptions/:id", load: packages("subscription") },
  { pattern: "/membership", load: () => import("../../features/membership/entry").then((membership) => membership.open()) },
  { pattern: "/points", load: () => import("../../features/points/entry").then((points) => points.open()) },
  { pattern: "/wallet", load: wallet("balance") },
  { pattern: "/wallet/automatic", load: wallet("automatic") },
  { pattern: "/wallet/cards/add", load: wallet("addCard") },
  { pattern: "/wallet/cards/:id", load: wallet("card") },
  { pattern: "/wallet/money-back", load: wallet("moneyBack") },
  { pattern: "/wallet/phone", load: wallet("phone") },
  { pattern: "/pay", load: () => import("../../features/wallet/entry").then((wallet) => wallet.payment()) },
  { pattern: "/tap", load: () => import("../../features/wallet/entry").then((wallet) => wallet.tap()) },
  { pattern: "/food", load: () => import("../../features/food/order/entry").then((food) => food.open("outlets")) },
  { pattern: "/food/orders/:id", load: () => import("../../features/food/order/entry").then((food) => food.open("order")) },
  { pattern: "/food/:outlet", load: () => import("../../features/food/order/entry").then((food) => food.open("menu")) },
  { pattern: "/help/:id", load: () => import("../../features/safety/help/entry").then((help) => help.open()) },
  { pattern: "/live/:id", load: () => import("../../features/live/entry").then((live) => live.open()) },
  { pattern: "/r/:id", load: () => import("../../features/replay/entry").then((replay) => replay.open()) },
  { pattern: "/pages/versions/:id", load: () => import("../../features/pages/PageText.svelte") },
  { pattern: "/pages/:kind", load: () => import("../../features/pages/PageText.svelte") },
  { pattern: "/sign-in", load: () => import("../../features/people/SignInPage.svelte") },
  { pattern: "/recovery", load: () => import("../../features/people/RecoveryPage.svelte") },
  { pattern: "/account", load: () => import("../../features/people/account").then((account) => account.open()) },
  { pattern: "/receipt", load: () => import("../../features/fiscal/receipt/entry").then((receipt) => receipt.open()) },
];
