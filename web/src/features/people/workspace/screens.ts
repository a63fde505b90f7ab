/** Staff screens that a person may use, by their roles. */
import type { components } from "../../../shared/api/schema";
import type { staffHome } from "$messages/en/web/staffHome";
import type { IconName } from "../../../shared/ui/Icon.svelte";

type Role = components["schemas"]["RoleName"];
export type ScreenName = keyof typeof staffHome.screens;
export interface StaffScreen {
  name: ScreenName;
  href: string;
  icon: IconName;
  roles: readonly Role[];
}

const SCREENS: readonly StaffScreen[] = [
  { name: "gate", href: "/staff/gate", icon: "gate", roles: ["steward", "supervisor"] },
  { name: "safety", href: "/staff/safety", icon: "warn", roles: ["steward", "supervisor"] },
  { name: "control", href: "/staff/control", icon: "desk", roles: ["controller"] },
  { name: "till", href: "/staff/till", icon: "basket", roles: ["cashier", "finance"] },
  { name: "kitchen", href: "/staff/kitchen", icon: "food", roles: ["kitchen", "cashier", "finance"] },
  { name: "desk", href: "/staff/desk", icon: "play", roles: ["match_desk", "media_desk", "moderator"] },
  { name: "describe", href: "/staff/describe", icon: "voice", roles: ["describer"] },
  { name: "office", href: "/office", icon: "desk", roles: ["venue_manager", "programme", "box_office", "finance", "supervisor"] },
  { name: "pin", href: "/office/pin", icon: "user", roles: ["steward", "supervisor", "cashier", "finance"] },
];

/** Screens that these roles may use; an administrator may use all. */
export function screensOf(roles: readonly Role[]): readonly StaffScreen[] {
  return SCREENS.filter((screen) => roles.some((role) => role === "admin" || screen.roles.includes(role)));
}
