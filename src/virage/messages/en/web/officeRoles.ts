import type { components } from "$web/shared/api/schema";

type Schemas = components["schemas"];

/** Names and descriptions of the staff roles. */
export const officeRoles = {
  roles: {
    admin: "Administration",
    venue_manager: "Venues",
    programme: "Programme",
    box_office: "Box office",
    finance: "Finance",
    steward: "Steward",
    supervisor: "Gate supervisor",
    controller: "Control room",
    cashier: "Cashier",
    kitchen: "Kitchen",
    match_desk: "Match desk",
    media_desk: "Media desk",
    moderator: "Moderator",
    describer: "Audio describer",
  } as Record<Schemas["RoleName"], string>,
  roleHints: {
    admin: "Full access, including staff",
    venue_manager: "Venue plans, versions and closures",
    programme: "Events and prices",
    box_office: "Orders and refunds",
    finance: "Reports and orders, food prices, bonus credit, card blocking, concessionaires and tills",
    steward: "Scans tickets at the gates",
    supervisor: "Runs gates: pairs devices, monitors entry, overrides refusals",
    controller: "Runs the control room: incidents and the log of an event",
    cashier: "Sells at an outlet",
    kitchen: "Prepares and hands over orders",
    match_desk: "Publishes match events",
    media_desk: "Cuts and publishes replays",
    moderator: "Approves and withdraws replays, sets who can watch",
    describer: "Describes replays for blind and partially sighted fans",
  } as Record<Schemas["RoleName"], string>,
};
