/** Messages of the server under short names. */
import type { components } from "./schema";

type Schemas = components["schemas"];
/** The client returns tuples as lists. */
export type Lists<T> = T extends readonly (infer One)[] ? Lists<One>[] : T extends object ? { [Key in keyof T]: Lists<T[Key]> } : T;
export type Text = Record<string, string>;
export type EventSummary = Schemas["EventSummary"];
export type EventInfo = Schemas["PublicEvent"];
export type EventListing = Schemas["EventListing"];
export type Geometry = Lists<Schemas["Geometry"]>;
export type BlockGeometry = Lists<Schemas["BlockGeometry"]>;
export type BlockLabels = Lists<Schemas["BlockLabels"]>;
export type Offer = Schemas["Offer"];
export type OfferSummary = Schemas["OfferSummary"];
export type Category = Schemas["CategoryOffer"];
export type Tariff = Schemas["Tariff"];
export type Party = Schemas["Party"];
export type Seats = Schemas["HoldRequest"]["seats"];
export type Label = Schemas["PlaceLabel"];
export type Proposal = Schemas["Proposal"];
export type Order = Schemas["Order"];
export type Email = Schemas["EmailView"];
export type Ticket = Schemas["Ticket"];
export type Transfer = Schemas["TransferView"];
export type TransferOffer = Schemas["TransferOffer"];
export type Membership = Schemas["MembershipView"];
export type PointsProgramme = Lists<Schemas["PointsView"]>;
export type PointsRule = Schemas["PointsRuleView"];
export type PointsAccount = PointsProgramme["account"] & {};
export type PointsReward = Schemas["RewardView"];
export type Redemption = Schemas["RedemptionView"];
export type Movement = Schemas["PointsMovement"];
export type PublicTier = Schemas["PublicTier"];
export type PublicWindows = Schemas["PublicWindows"];
export type ExchangeBoard = Schemas["ExchangeBoard"];
export type BoardListing = Schemas["BoardListing"];
export type Listing = Schemas["ListingView"];
export type Waiting = Schemas["WaitingView"];
export type Releases = Schemas["Releases"];
export type ListableTicket = Schemas["ListableTicket"];
export type ListedTicket = Schemas["ListedTicket"];
export type Entrance = Lists<Schemas["Entrance"]>;
export type Leg = Lists<Schemas["Leg"]>;
export type BoundPass = Schemas["BoundPass"];
export type WalletView = Schemas["WalletView"];
export type WalletLine = WalletView["history"][number];
export type TopUpView = Schemas["TopUpView"];
export type PaidOut = Schemas["PaidOut"];
export type MyCard = Schemas["MyCard"];
export type SunMessage = Schemas["SunMessage"];
export type TapPage = Schemas["TapPage"];
export type MyPhone = Schemas["MyPhone"];
export type ProofSent = Schemas["ProofSent"];
export type AutoTopUp = Schemas["AutoTopUpView"];
export type AutoTopUpAnswer = Schemas["AutoTopUpAnswer"];
export type Me = Schemas["Me"];
export type SessionView = Schemas["SessionView"];
export type SeatNeed = "easy_access" | "audio_description" | "hearing_loop" | "sign_language" | "guide_dog" | "quiet";
export type Need = "wheelchair" | SeatNeed;

/** Price of a tariff in cents; a companion is free. */
export function priceOf(category: Category, tariff: Tariff = "full"): number {
  return category.prices[tariff] ?? 0;
}
