/** Messages between till and server (docs/till.md), under short names. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type Pack = Schemas["TillPack"];
/** Event in the pack, from its doors until its end. */
export type PackEvent = Schemas["PackEvent"];
export type Limits = Schemas["TillLimits"];
/** Cards that changed since a position, or all of them: chip number, last accepted counter, whether it is blocked. */
export type CardNews = Schemas["TillCards"];
/** Wallet with its limits for top-ups and payouts. */
export type WalletAtDesk = Schemas["WalletAtDesk"];
/** Redeemed reward behind a code. */
export type RewardAtTill = Schemas["RewardAtTill"];
export type DeskReceipt = Schemas["DeskReceipt"];
export type Upload = Schemas["RecordUpload"];
/** `holder` is the name of the card holder, for the cashier; never stored. */
export type Answer = Omit<Schemas["RecordAnswer"], "data"> & { data?: Record<string, unknown> };
