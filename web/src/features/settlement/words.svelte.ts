/** Texts of the office's pages about payouts, bank statements and payments. */
import type { payments } from "$messages/en/web/officePayments";
import { Bundle } from "../../shared/i18n/bundle.svelte";
import { i18n } from "../../shared/i18n/i18n.svelte";
import { clock } from "../../shared/runtime/clock.svelte";
import { words as office } from "../../shared/office/words.svelte";
import type { CaseEvent, Dispute, FeeRule, ItemLine } from "./types";

type Words = typeof payments;
const DAY_MS = 86_400_000;

class PaymentWords extends Bundle<Words> {
  /** A day without a time, such as that of a bank line. */
  day(date: string): string {
    return i18n.date(`${date}T12:00:00Z`, { day: "numeric", month: "short", year: "numeric" }, "UTC");
  }

  /** How long an item has been open. */
  age(item: ItemLine): string {
    return this.days(item.opened_at);
  }

  /** How many days have passed since a time. */
  days(since: string): string {
    const days = Math.max(0, Math.floor((clock.now() - Date.parse(since)) / DAY_MS));
    return this.w.items.since(days, i18n.number(days));
  }

  /** What the operator keeps of each payment of an organiser. */
  fee({ permille, cents, is_returned }: FeeRule): string {
    const { noFee, plus, feeReturned, feeKept } = this.w.accounts;
    const rate = permille > 0 ? i18n.number(permille / 1000, { style: "percent", maximumFractionDigits: 1 }) : "";
    const parts = [rate, cents > 0 ? i18n.exact(cents) : ""].filter(Boolean);
    return parts.length === 0 ? noFee : `${parts.join(plus)}, ${is_returned ? feeReturned : feeKept}`;
  }

  /** Name of the person a case is assigned to, or that it is not assigned. */
  owner({ assignee }: { assignee?: string | null }): string {
    return assignee == null ? this.w.items.unassigned : assignee || this.w.items.unnamed;
  }

  /** The state of the evidence of a dispute, with its sender. */
  evidence({ state, since, requested_by }: NonNullable<Dispute["evidence"]>): string {
    return this.w.openDisputes.evidence[state](office.stamp(since), requested_by || this.w.items.unnamed);
  }

  /** Name of what was paid; of an unknown purpose, its code. */
  purpose(code: string): string {
    return (this.w.purposes as Record<string, string>)[code] ?? code;
  }

  /** What happened to a payment, in one sentence. */
  event({ what, cents }: CaseEvent): string {
    const { events } = this.w.case;
    const amount = i18n.exact(Math.abs(cents));
    if (what.startsWith("entry_")) return events.entry(this.w.entryKinds[what.slice(6) as keyof Words["entryKinds"]], amount);
    return (events as unknown as Record<string, (amount: string) => string>)[what]?.(amount) ?? what;
  }
}

export const words = new PaymentWords(import.meta.glob<Words>("$messages/*/web/officePayments.ts", { import: "payments" }));
