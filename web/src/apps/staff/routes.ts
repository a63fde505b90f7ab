import type { Route } from "../../shared/runtime/router.svelte";

/** Routes of the staff app: the screens of work on a match day. */
export const routes: readonly Route[] = [
  { pattern: "/staff", load: () => import("../../features/people/workspace/entry").then((staff) => staff.open()) },
  { pattern: "/staff/gate", load: () => import("../../features/access/gate/entry").then((gate) => gate.open()) },
  { pattern: "/staff/control", load: () => import("../../features/safety/control/entry").then((control) => control.open()) },
  { pattern: "/staff/safety", load: () => import("../../features/safety/stewards/entry").then((stewards) => stewards.open()) },
  { pattern: "/staff/till", load: () => import("../../features/food/till/entry").then((till) => till.open()) },
  { pattern: "/staff/kitchen", load: () => import("../../features/food/kitchen/entry").then((kitchen) => kitchen.open()) },
  { pattern: "/staff/desk", load: () => import("../../features/live/desk/entry").then((desk) => desk.open()) },
  { pattern: "/staff/describe", load: () => import("../../features/replay/describe/entry").then((describe) => describe.open("list")) },
  { pattern: "/staff/describe/:id", load: () => import("../../features/replay/describe/entry").then((describe) => describe.open("clip")) },
];
