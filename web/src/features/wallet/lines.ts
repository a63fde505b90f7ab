/** Pure functions of the wallet page. */
import type { WalletLine, WalletView } from "../../shared/api/words";
import { centsOf } from "../../shared/ui/money";

const AMOUNTS = [1000, 2000, 5000];

/** Cents of an entered amount; null if invalid or zero. */
export const amountOf = (text: string): number | null => centsOf(text) || null;

/** Preset amounts that the wallet can take now. */
export function amountsFor({ balance_cents, limits }: Pick<WalletView, "balance_cents" | "limits">): number[] {
  const max = Math.min(limits.top_up_max_cents, limits.wallet_max_cents - balance_cents);
  return AMOUNTS.filter((cents) => cents >= limits.top_up_min_cents && cents <= max);
}

/** Whether not even the smallest amount fits. */
export function isFull({ balance_cents, limits }: Pick<WalletView, "balance_cents" | "limits">): boolean {
  return limits.wallet_max_cents - balance_cents < limits.top_up_min_cents;
}

export interface Day {
  key: string;
  lines: WalletLine[];
}

/** Lines grouped by the day of `keyOf`, in their order. */
export function byDay(lines: readonly WalletLine[], keyOf: (at: string) => string): Day[] {
  const days: Day[] = [];
  for (const line of lines) {
    const key = keyOf(line.at);
    if (days.at(-1)?.key !== key) days.push({ key, lines: [] });
    days.at(-1)!.lines.push(line);
  }
  return days;
}

/**
 * The history after a reload of its latest page: that page replaces what it covers, older lines stay. Null if the page
 * does not reach them.
 */
export function withOlder(page: readonly WalletLine[], known: readonly WalletLine[]): WalletLine[] | null {
  const last = page.at(-1);
  const reached = last ? known.findIndex((line) => line.id === last.id) : -1;
  return reached < 0 ? null : [...page, ...known.slice(reached + 1)];
}
