/** Routes of the office. A page opens once its texts, the account and the venues of the menu are loaded. */
import { words as draws } from "../../features/draws/office/words.svelte";
import { food } from "../../features/food/office/words.svelte";
import { words as members } from "../../features/membership/office/words.svelte";
import { words as packages } from "../../features/packages/office/words.svelte";
import { words as seasons } from "../../features/seasons/office/words.svelte";
import { words as points } from "../../features/points/office/words.svelte";
import { words as exchange } from "../../features/ticketing/exchangeBook/words.svelte";
import { words as moving } from "../../features/ticketing/moving/words.svelte";
import { words as payments } from "../../features/settlement/words.svelte";
import { words as venue } from "../../features/venue/office/words.svelte";
import { words as workspace } from "../../features/people/workspace/words.svelte";
import { i18n, type Locale } from "../../shared/i18n/i18n.svelte";
import { desk } from "../../shared/office/desk.svelte";
import { words as office } from "../../shared/office/words.svelte";
import type { Route } from "../../shared/runtime/router.svelte";

type Words = { use: (locale: Locale) => Promise<void> };

function page(load: Route["load"], ...bundles: Words[]): Route["load"] {
  return async () => {
    const words = [office, ...bundles].map((bundle) => bundle.use(i18n.locale));
    const [screen] = await Promise.all([load(), desk.arrive(), desk.loadVersions(), ...words]);
    return screen;
  };
}

export const routes: readonly Route[] = [
  { pattern: "/office", load: page(() => import("../../features/programme/events/EventsPage.svelte"), workspace) },
  { pattern: "/office/events/new", load: page(() => import("../../features/programme/events/NewEvent.svelte")) },
  { pattern: "/office/events/:id", load: page(() => import("../../features/ticketing/sales/SalesPage.svelte")) },
  { pattern: "/office/events/:id/details", load: page(() => import("../../features/programme/events/EditEvent.svelte")) },
  { pattern: "/office/events/:id/teams", load: page(() => import("../../features/live/teams/TeamsPage.svelte")) },
  { pattern: "/office/events/:id/prices", load: page(() => import("../../features/ticketing/prices/PricesPage.svelte")) },
  { pattern: "/office/events/:id/windows", load: page(() => import("../../features/membership/office/WindowsPage.svelte"), members) },
  { pattern: "/office/events/:id/draw", load: page(() => import("../../features/draws/office/DrawBookPage.svelte"), draws) },
  { pattern: "/office/events/:id/exchange", load: page(() => import("../../features/ticketing/exchangeBook/ExchangeBookPage.svelte"), exchange) },
  { pattern: "/office/events/:id/gates", load: page(() => import("../../features/access/gates/GatesPage.svelte")) },
  { pattern: "/office/events/:id/accreditations", load: page(() => import("../../features/access/accreditations/AccreditationsPage.svelte")) },
  { pattern: "/office/events/:id/move", load: page(() => import("../../features/ticketing/moving/MovePage.svelte"), moving) },
  { pattern: "/office/events/:id/closures", load: page(() => import("../../features/venue/office/ClosuresPage.svelte"), venue) },
  { pattern: "/office/venues", load: page(() => import("../../features/venue/office/VenuesPage.svelte"), venue) },
  { pattern: "/office/venues/:code", load: page(() => import("../../features/venue/office/VenuePage.svelte"), venue) },
  { pattern: "/office/import-venue", load: page(() => import("../../features/venue/office/ImportPage.svelte"), venue) },
  { pattern: "/office/bans", load: page(() => import("../../features/access/bans/BansPage.svelte")) },
  { pattern: "/office/food", load: page(() => import("../../features/food/sales/FoodSalesPage.svelte"), food) },
  { pattern: "/office/food/catalogue", load: page(() => import("../../features/food/catalogue/CataloguePage.svelte"), food) },
  { pattern: "/office/food/catalogue/:id", load: page(() => import("../../features/food/catalogue/ItemPage.svelte"), food) },
  { pattern: "/office/food/stock", load: page(() => import("../../features/food/stock/StockPage.svelte"), food) },
  { pattern: "/office/food/alcohol", load: page(() => import("../../features/food/permits/AlcoholPermitsPage.svelte"), food) },
  { pattern: "/office/food/tills", load: page(() => import("../../features/food/tills/TillsPage.svelte"), food) },
  { pattern: "/office/food/cards", load: page(() => import("../../features/food/cards/CardsPage.svelte"), food) },
  { pattern: "/office/food/shifts", load: page(() => import("../../features/food/shifts/ShiftsPage.svelte"), food) },
  { pattern: "/office/food/concessionaires", load: page(() => import("../../features/food/concessionaires/ConcessionairesPage.svelte"), food) },
  { pattern: "/office/food/closings", load: page(() => import("../../features/food/closings/ClosingsPage.svelte"), food) },
  { pattern: "/office/orders", load: page(() => import("../../features/ticketing/orders/OrdersPage.svelte")) },
  { pattern: "/office/orders/:id", load: page(() => import("../../features/ticketing/orders/OrderPage.svelte")) },
  { pattern: "/office/members", load: page(() => import("../../features/membership/office/MembersPage.svelte"), members) },
  { pattern: "/office/seasons", load: page(() => import("../../features/seasons/office/SeasonsPage.svelte"), seasons) },
  { pattern: "/office/packages", load: page(() => import("../../features/packages/office/PackagesPage.svelte"), packages) },
  { pattern: "/office/points", load: page(() => import("../../features/points/office/PointsPage.svelte"), points) },
  { pattern: "/office/payments", load: page(() => import("../../features/settlement/PaymentsPage.svelte"), payments) },
  { pattern: "/office/payments/accounts", load: page(() => import("../../features/settlement/AccountsPage.svelte"), payments) },
  { pattern: "/office/payments/payouts/:id", load: page(() => import("../../features/settlement/PayoutPage.svelte"), payments) },
  { pattern: "/office/payments/:id", load: page(() => import("../../features/settlement/CasePage.svelte"), payments) },
  { pattern: "/office/staff", load: page(() => import("../../features/people/staff/StaffPage.svelte")) },
  { pattern: "/office/devices", load: page(() => import("../../features/people/devices/DevicesPage.svelte")) },
  { pattern: "/office/pin", load: page(() => import("../../features/people/staff/PinPage.svelte")) },
  { pattern: "/office/api-clients", load: page(() => import("../../features/people/staff/ApiClientsPage.svelte")) },
  { pattern: "/office/pages", load: page(() => import("../../features/pages/PagesPage.svelte")) },
  { pattern: "/office/emails", load: page(() => import("../../features/mail/EmailsPage.svelte")) },
  { pattern: "/office/jobs", load: page(() => import("../../features/jobs/JobsPage.svelte")) },
  { pattern: "/office/invitation", load: page(() => import("../../features/people/staff/InvitationPage.svelte")) },
];
