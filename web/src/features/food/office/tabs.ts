/** Sections of food and money, and the roles that see them. */
import { desk } from "../../../shared/office/desk.svelte";
import type { Role } from "../../../shared/office/types";

export interface Tab {
  key: "sales" | "catalogue" | "stock" | "alcohol" | "tills" | "cards" | "shifts" | "concessionaires" | "closings";
  path: string;
  shown: boolean;
}

const within = (scopes: readonly string[], roles: readonly Role[]): boolean =>
  desk.grants.some(({ role, scope }) => (role === "admin" || roles.includes(role)) && (scope === "all" || scopes.includes(scope)));
/** Whether a role covers a venue or an outlet, not only an organiser or event. */
export const atOutlets = (...roles: Role[]): boolean => within(["venue", "outlet"], roles);
const overOrganisers = (...roles: Role[]): boolean => within(["organiser"], roles);
const overAll = (...roles: Role[]): boolean => roles.some((role) => desk.overAll(role));

export function tabs(): Tab[] {
  return [
    { key: "sales", path: "/office/food", shown: atOutlets("programme", "finance") },
    { key: "catalogue", path: "/office/food/catalogue", shown: overAll("programme", "finance") },
    { key: "stock", path: "/office/food/stock", shown: atOutlets("cashier", "programme", "finance") },
    { key: "alcohol", path: "/office/food/alcohol", shown: overOrganisers("programme", "finance") },
    { key: "tills", path: "/office/food/tills", shown: atOutlets("finance") },
    { key: "cards", path: "/office/food/cards", shown: overAll("cashier", "finance") },
    { key: "shifts", path: "/office/food/shifts", shown: atOutlets("programme", "finance") },
    { key: "concessionaires", path: "/office/food/concessionaires", shown: atOutlets("programme", "finance") },
    { key: "closings", path: "/office/food/closings", shown: atOutlets("finance") },
  ];
}

/** First section that the user's roles cover, if any. */
export function firstTab(): Tab | undefined {
  return tabs().find((tab) => tab.shown);
}

/** Whether the user's roles cover a section. */
export function isMine(key: Tab["key"]): boolean {
  return tabs().some((tab) => tab.key === key && tab.shown);
}
