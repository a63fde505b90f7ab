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
    finance: "Figures and orders, read only; pairs the tills of its outlets",
    steward: "Scans passes at the gates",
    supervisor: "Runs gates: pairs devices, sees the flow, overrules",
    cashier: "Sells at an outlet",
    kitchen: "Makes and hands over what is ordered",
    match_desk: "Tells what happens on the pitch",
    media_desk: "Cuts and publishes replays",
    moderator: "Releases replays, takes them down, and says who may watch",
    describer: "Describes replays for those who do not see them",
  } as Record<Schemas["RoleName"], string>,
};
