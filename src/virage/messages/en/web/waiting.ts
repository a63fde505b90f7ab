/** Texts of the waiting list of a sold-out event; fetched with the page of its exchange. */
import { choose, plural } from "./common";

const people = (count: number): string => plural(count, "person", "people");

export const waiting = {
  title: "Waiting list",
  lead: "Nothing that suits you? We’ll email you when seats are free again or another fan lists tickets, in the order in which fans joined.",
  open: "Join the waiting list…",
  people: "People",
  wheelchairs: "Wheelchair spaces",
  companion: "Each with a companion seat",
  needs: "What do your seats need?",
  categories: "Categories",
  any: "Choose none to be told of every category.",
  consent: "I agree that you store this need for the waiting list. It is deleted when I leave the list or the sale ends.",
  consentMissing: "We need your consent to store this need.",
  join: "Join the waiting list",
  save: "Save",
  joined: "You are on the waiting list.",
  position: (position: string) => `You are number ${position} on the list`,
  wish: (count: number, wheelchairs: number) => (wheelchairs ? `${people(count)}, ${plural(wheelchairs, "wheelchair space", "wheelchair spaces")}` : people(count)),
  anywhere: "every category",
  rule: "Seats are not reserved: the first to pay gets them. After three emails without a purchase, you leave the list.",
  invited: (count: number) => choose(count, "A seat is available for you", "Seats are available for you"),
  invitedText: (until: string) => `The first to pay gets them. We tell the next fan on ${until}.`,
  choose: "Choose seats",
  change: "Change",
  leave: "Leave the list…",
  leaveTitle: "Leave the waiting list?",
  leaveText: "You lose your turn. You can join again at the end.",
  stay: "Stay on the list",
  leaveConfirm: "Leave the list",
  left: "You have left the waiting list.",
  signIn: "Sign in to join",
  signInText: "Enter your email address, and we’ll send you a code. We’ll tell you there when seats are available.",
};
