/** Shift of a till: float, totals, cash count. */
import { isRefund, isSale, paidBy, totalOf, type CounterTender, type Record } from "../../fiscal/record";
import type { Load } from "./storage";

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
  loads_cash_cents: number;
  loads_terminal_cents: number;
  expected_cash_cents: number;
}

/** Totals of a shift, from its records and top-ups. */
export function totalsOfShift(shift: Shift, records: readonly Record[], loads: readonly Load[]): ShiftTotals {
  const own = records.filter(({ number, kind }) => number >= shift.opened && (isSale(kind) || isRefund(kind)));
  const cents = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
  const by = (kind: CounterTender): number => cents(own.map((record) => paidBy(record, kind)));
  const loaded = (tender: Load["tender"]): number => cents(loads.filter((load) => load.at >= shift.at && load.tender === tender).map((load) => load.cents));
  const sales = own.filter(({ kind }) => isSale(kind));
  const refunds = own.filter(({ kind }) => isRefund(kind));
  return {
    sales: sales.length,
    refunds: refunds.length,
    sold_cents: cents(sales.map(totalOf)),
    refunded_cents: cents(refunds.map(totalOf)),
    tips_cents: cents(own.map(({ tip_cents }) => tip_cents)),
    by: { cash: by("cash"), card: by("card"), virtual_card: by("virtual_card"), terminal: by("terminal") },
    loads_cash_cents: loaded("cash"),
    loads_terminal_cents: loaded("terminal"),
    expected_cash_cents: shift.float_cents + by("cash") + loaded("cash"),
  };
}
