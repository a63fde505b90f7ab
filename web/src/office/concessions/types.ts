/** What the routes of food and money send and take, under short names. */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type Product = Schemas["Product"];
export type Menu = Schemas["Menu"];
export type Deposit = Schemas["Deposit"];
export type Item = Product | Menu | Deposit;
export type ItemKind = Item["kind"];
export type Price = Schemas["Price"];
export type Content = Schemas["Content"];
export type Draft = Schemas["DraftView"];
export type DraftItem = Schemas["DraftItem"];
export type CatalogueDefect = Schemas["CatalogueDefect"];
export type Publication = Schemas["Publication"];
export type OutletCatalogue = Schemas["OutletCatalogue"];
export type Allergen = Schemas["Allergen"];
export type ProductCategory = Schemas["ProductCategory"];
export type Station = Schemas["Station"];
export type Text = Schemas["Text"];
export type Level = Schemas["Level"];
export type Alert = Schemas["Alert"];
export type Movement = Schemas["MovementRow"];
export type StockWish = Schemas["StockWish"];
export type Derogation = Schemas["Derogation"];
export type DeskCard = Schemas["DeskCard"];
export type StaffReason = Schemas["StaffReason"];

export const ALLERGENS: readonly Allergen[] = ["gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard", "sesame", "sulphites", "lupin", "molluscs"];
export const CATEGORIES: readonly ProductCategory[] = ["menus", "beers", "soft_drinks", "hot_drinks", "hot_food", "snacks", "sweets", "shop"];
export const STATIONS: readonly Station[] = ["counter", "bar", "grill", "fryer", "coffee", "cold"];
export const BLOCK_REASONS: readonly StaffReason[] = ["lost", "stolen", "defective", "fraud"];
export type OfficeTill = Schemas["OfficeTill"];
export type Shift = Schemas["Shift"];
export type SalesView = Schemas["SalesView"];
export type SalesRow = Schemas["SalesRow"];
export type By = Schemas["By"];
export type Concessionaire = Schemas["Concessionaire"];
export type Terms = Schemas["Terms"];
export type Statement = Schemas["Statement"];
export type ClosingView = Schemas["ClosingView"];
export type Journal = Schemas["Journal"];
export type OfflineLoss = Schemas["OfflineLoss"];
export type Deviation = Schemas["NotedDeviation"];

/** How well an outlet kept what it promised for orders by phone, in seconds after the promise (below zero: before). */
export interface OutletPromises {
  outlet: string;
  orders: number;
  p50_s: number | null;
  p90_s: number | null;
  broken: number;
  vouchers: number;
  voucher_cents: number;
}
