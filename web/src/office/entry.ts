/** The office's own addresses. Its words, who sits at the desk and the screen's code are there before it shows. */
import type { Component } from "svelte";
import { i18n } from "../i18n/i18n.svelte";
import { match, type Route } from "../kernel/router.svelte";
import { withWords } from "./food/words.svelte";
import { words as workspace } from "../people/staff/words.svelte";
import { desk } from "./desk.svelte";
import { words } from "./words.svelte";

export const ROUTES: readonly Route[] = [
  { pattern: "/office", load: () => Promise.all([import("./events/EventsPage.svelte"), workspace.use(i18n.locale)]).then(([home]) => home) },
  { pattern: "/office/events/new", load: () => import("./events/NewEvent.svelte") },
  { pattern: "/office/events/:id", load: () => import("./sales/SalesPage.svelte") },
  { pattern: "/office/events/:id/details", load: () => import("./events/EditEvent.svelte") },
  { pattern: "/office/events/:id/teams", load: () => import("./teams/TeamsPage.svelte") },
  { pattern: "/office/events/:id/prices", load: () => import("./prices/PricesPage.svelte") },
  { pattern: "/office/events/:id/gates", load: () => import("./gates/GatesPage.svelte") },
  { pattern: "/office/events/:id/accreditations", load: () => import("./accreditations/AccreditationsPage.svelte") },
  { pattern: "/office/bans", load: () => import("./bans/BansPage.svelte") },
  { pattern: "/office/food", load: () => withWords(import("./food/sales/FoodSalesPage.svelte")) },
  { pattern: "/office/food/catalogue", load: () => withWords(import("./food/catalogue/CataloguePage.svelte")) },
  { pattern: "/office/food/catalogue/:id", load: () => withWords(import("./food/catalogue/ItemPage.svelte")) },
  { pattern: "/office/food/stock", load: () => withWords(import("./food/stock/StockPage.svelte")) },
  { pattern: "/office/food/alcohol", load: () => withWords(import("./food/permits/AlcoholPermitsPage.svelte")) },
  { pattern: "/office/food/tills", load: () => withWords(import("./food/tills/TillsPage.svelte")) },
  { pattern: "/office/food/cards", load: () => withWords(import("./food/cards/CardsPage.svelte")) },
  { pattern: "/office/food/shifts", load: () => withWords(import("./food/shifts/ShiftsPage.svelte")) },
  { pattern: "/office/food/concessionaires", load: () => withWords(import("./food/concessionaires/ConcessionairesPage.svelte")) },
  { pattern: "/office/food/closings", load: () => withWords(import("./food/closings/ClosingsPage.svelte")) },
  { pattern: "/office/orders", load: () => import("./orders/OrdersPage.svelte") },
  { pattern: "/office/orders/:id", load: () => import("./orders/OrderPage.svelte") },
  { pattern: "/office/staff", load: () => import("./staff/StaffPage.svelte") },
  { pattern: "/office/devices", load: () => import("./devices/DevicesPage.svelte") },
  { pattern: "/office/pin", load: () => import("./staff/PinPage.svelte") },
  { pattern: "/office/programs", load: () => import("./staff/ApiClientsPage.svelte") },
  { pattern: "/office/pages", load: () => import("./pages/PagesPage.svelte") },
  { pattern: "/office/emails", load: () => import("./emails/EmailsPage.svelte") },
  { pattern: "/office/jobs", load: () => import("./jobs/JobsPage.svelte") },
  { pattern: "/office/invitation", load: () => import("./staff/InvitationPage.svelte") },
];

const screens = new Map<Route, Component<Record<string, string>>>();

/** The screen at an address, once `open` has fetched it. */
export function screenAt(path: string): { screen: Component<Record<string, string>>; params: Record<string, string> } | null {
  const place = match(ROUTES, path);
  const screen = place && screens.get(place.route);
  return screen ? { screen, params: place.params } : null;
}

export async function open(): Promise<{ default: unknown }> {
  const route = match(ROUTES, location.pathname)?.route;
  if (!route) return import("../ui/Missing.svelte");
  const [shell, screen] = await Promise.all([
    import("./Office.svelte"),
    route.load(),
    words.use(i18n.locale),
    desk.arrive(),
  ]);
  screens.set(route, screen.default as Component<Record<string, string>>);
  return shell;
}
