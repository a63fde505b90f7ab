/** Texts of the staff’s home page. */
export const staffHome = {
  title: "Your workspace",
  lead: "For staff. Sign in with your work account.",
  noRole: (email: string) => `You are signed in as ${email}. This account has no staff role. Ask an administrator to invite this address.`,
  other: "Use another account",
  as: (email: string) => `Signed in as ${email}`,
  screens: {
    gate: "Gate",
    control: "Control room",
    till: "Till",
    kitchen: "Kitchen",
    desk: "Match desk",
    describe: "Audio description",
    office: "Office",
    pin: "My PIN",
  },
  texts: {
    gate: "Scan tickets, online or offline",
    control: "Incidents and the log of an event",
    till: "Sell, top up cards and refund",
    kitchen: "Prepare and hand over orders",
    desk: "Publish match events and replays",
    describe: "Describe replays",
    office: "Events, orders, staff and reports",
    pin: "For devices at gates and tills",
  },
};
