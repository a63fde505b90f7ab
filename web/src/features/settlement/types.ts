/** Messages of the routes of settlement under short names. */
import type { components } from "../../shared/api/schema";

type Schemas = components["schemas"];
export type PayoutLine = Schemas["PayoutLine"];
export type PayoutDetail = Schemas["PayoutDetail"];
export type EntryLine = Schemas["EntryLine"];
export type EntryPage = Schemas["EntryPage"];
export type ItemLine = Schemas["ItemLine"];
export type BankLine = Schemas["BankLine"];
export type BankAccounts = Schemas["BankAccounts"];
export type StatementCheck = Schemas["StatementCheck"];
export type Columns = Required<Schemas["CsvColumns"]>;
export type Imported = Schemas["StatementImport"];
export type Found = Schemas["Found"];
export type PaymentCase = Schemas["PaymentCase"];
export type CaseEvent = Schemas["CaseEvent"];
export type Dispute = Schemas["DisputeLine"];
export type DisputedProceedsPage = Schemas["DisputedProceedsPage"];
export type FailedRefund = Schemas["RefundLine"];
export type OrganiserAccount = Schemas["OrganiserAccount"];
export type Account = Schemas["AccountView"];
export type FeeRule = Required<Schemas["FeeRule"]>;
export type Resolution = Schemas["Resolution"];
export type Standing = Schemas["Standing"];

export const FILE_BYTES_MAX = 8_000_000;
/** Limits of the fee: `FEE_PERMILLE_MAX` and `FEE_CENTS_MAX` of src/virage/money/payments/accounts/rules.py. */
export const [FEE_PERMILLE_MAX, FEE_CENTS_MAX] = [500, 1_000_000];

/** Tone of the badge of a payout. */
export const TONES: Record<Standing, "plain" | "good" | "warn" | "bad"> = { expected: "plain", paid: "plain", matched: "good", differs: "warn", failed: "bad" };

/** Tone of the badge of an organiser's account. */
export const ACCOUNT_TONES: Record<Account["standing"], "plain" | "good" | "warn" | "bad"> = {
  opening: "warn",
  incomplete: "bad",
  no_payouts: "warn",
  due: "warn",
  ready: "good",
  disconnected: "bad",
};
