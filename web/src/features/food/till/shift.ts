/** Shift of a till: float, totals, cash count. */
import { isRefund, isSale, paidBy, totalOf, type CounterTender, type Record } from "../../fiscal/record";
import type { BookedTopUp } from "./storage";

export interface Shift {
  /** Number of the opening record. */
  opened: number;
  at: string;
  cashier: string;
  float_cents: number;
  counted_cents: number | null;
}

export interface ShiftTotals {
  sales: number;
  refunds: number;
  sold_cents: number;
  refunded_cents: number;
  tips_cents: number;
  by: { [kind in CounterTender]: number };
  top_ups_cash_cents: number;
  top_ups_terminal_cents: number;
  expected_cash_cents: number;
}

/** Totals of a shift, from its records and top-ups. */
export function totalsOfShift(shift: Shift, records: readonly Record[], topUps: readonly BookedTopUp[]): ShiftTotals {
  const own = records.filter(({ number, kind }) => number >= shift.opened && (isSale(kind) || isRefund(kind)));
  const cents = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
  const by = (kind: CounterTender): number => cents(own.map((record) => paidBy(record, kind)));
  const toppedUp = (tender: BookedTopUp["tender"]): number => cents(topUps.filter((topUp) => topUp.at >= shift.at && topUp.tender === tender).map((topUp) => topUp.cents));
  const sales = own.filter(({ kind }) => isSale(kind));
  const refunds = own.filter(({ kind }) => isRefund(kind));
  return {
    sales: sales.length,
    refunds: refunds.length,
    sold_cents: cents(sales.map(totalOf)),
    refunded_cents: cents(refunds.map(totalOf)),
    tips_cents: cents(own.map(({ tip_cents }) => tip_cents)),
    by: { cash: by("cash"), card: by("card"), virtual_card: by("virtual_card"), terminal: by("terminal") },
    top_ups_cash_cents: toppedUp("cash"),
    top_ups_terminal_cents: toppedUp("terminal"),
    expected_cash_cents: shift.float_cents + by("cash") + toppedUp("cash"),
  };
}
