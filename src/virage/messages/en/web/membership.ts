/** Texts of memberships and of members’ sales, fetched with their screens. */
import { plural } from "./common";

const tickets = (count: number): string => plural(count, "ticket", "tickets");

export const membership = {
  title: "Membership",
  lead: "Members buy before the public sale. Your member number is yours for life.",
  mine: "My memberships",
  join: {
    title: "Become a member",
    nextTitle: "Memberships",
    term: (from: string, until: string) => `${from} – ${until}`,
    free: "Free",
    withVat: "incl. VAT",
    perEvent: (count: number) => `Up to ${tickets(count)} per event in members’ sales`,
    left: (count: number) => `${plural(count, "place", "places")} left for new members`,
    full: "No places left for new members",
    button: (tier: string) => `Join ${tier}`,
    pay: (tier: string, price: string) => `Join ${tier} for ${price}`,
    signIn: "Sign in to join",
    none: "No membership is open at the moment.",
    has: "You are a member for this term.",
  },
  card: {
    number: "Member number",
    until: (day: string) => `Valid until ${day}`,
    from: (day: string) => `Valid from ${day}`,
    name: "Member",
    keeps: "You keep this number when you renew.",
  },
  states: {
    over: (day: string) => `Ended on ${day}`,
    cancelled: "Cancelled by the club",
    failed: "Not paid",
    refunded: (price: string) => `${price} refunded`,
    returned: (price: string) => `${price} on its way back to you`,
  },
  paying: {
    title: "Finish your payment",
    text: (tier: string, until: string) => `Your place in ${tier} is kept until ${until}.`,
    go: "Continue to payment",
    checking: "We’re confirming your payment…",
    slow: "This is taking longer than usual. You can leave this page: we’ll email you as soon as it’s confirmed.",
    failed: "Your payment didn’t go through. You haven’t been charged.",
    done: (number: number) => `Welcome! You are member ${number}.`,
    returned: "Your payment arrived when this membership was no longer available. We’re sending the money back.",
  },
  offline: "You’re offline. This is your card as we last saw it.",
  signInText: "Sign in to see your membership card.",
  early: {
    title: "Not on sale yet",
    members: (moment: string) => `Members from ${moment}`,
    everyone: (moment: string) => `Everyone from ${moment}`,
    atMost: (count: number) => `up to ${tickets(count)}`,
    yours: (tier: string) => `Your ${tier} membership`,
    opens: (moment: string, count: number) => `You can buy up to ${tickets(count)} from ${moment}.`,
    openTitle: "You can buy now as a member",
    openText: (count: number, moment: string) => `Up to ${tickets(count)} until the public sale opens on ${moment}.`,
    none: "You have no membership for this members’ sale.",
    signIn: "Already a member? Sign in",
    see: "See memberships",
  },
};
