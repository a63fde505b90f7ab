import type { components } from "../../api/schema";

type Schemas = components["schemas"];

/** What somebody may do, in the words of the office. */
export const officeRoles = {
  roles: {
    admin: "Administration",
    programme: "Programme",
    box_office: "Box office",
    finance: "Finance",
    steward: "Steward",
    supervisor: "Gate supervisor",
    cashier: "Cashier",
    kitchen: "Kitchen",
    match_desk: "Match desk",
    media_desk: "Media desk",
    moderator: "Moderator",
    describer: "Audio describer",
  } as Record<Schemas["RoleName"], string>,
  roleHints: {
    admin: "Everything, and inviting staff",
    programme: "Events and prices",
    box_office: "Orders and refunds",
    finance: "Reports and orders; publishes food prices, gives bonus credit, blocks cards, manages concessionaires and tills",
    steward: "Scans passes at the gates",
    supervisor: "Runs gates: pairs devices, watches the flow, overrides refusals",
    cashier: "Sells at an outlet",
    kitchen: "Prepares and hands over orders",
    match_desk: "Publishes what happens on the pitch",
    media_desk: "Cuts and publishes replays",
    moderator: "Approves and withdraws replays, and decides who may watch",
    describer: "Describes replays for blind and partially sighted fans",
  } as Record<Schemas["RoleName"], string>,
};
