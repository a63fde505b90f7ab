/** Texts of the wallet, its refusals and amounts. */
import type { Problem } from "../../shared/api/answer";
import type { AutoTopUp, WalletLine } from "../../shared/api/words";
import type { wallet } from "$messages/en/web/wallet";
import { Bundle } from "../../shared/i18n/bundle.svelte";
import { i18n } from "../../shared/i18n/i18n.svelte";
import { problemText } from "../../shared/runtime/words";
import { typed } from "../../shared/ui/money";

export type Words = typeof wallet;

class WalletWords extends Bundle<Words> {
  /** Text of a refusal with its amount. */
  refusal({ code, data, ...rest }: Problem): string {
    const words = this.w.refusals;
    const cents = Number(data.min_cents ?? data.max_cents ?? data.left_cents ?? 0);
    const isOpen = code === "wallet_would_exceed" && Number(data.open_cents ?? 0) > 0;
    if (code === "wallet_would_exceed" && cents <= 0 && !isOpen) return words.wallet_full;
    const said = (words as Record<string, string | ((sum: string) => string)>)[isOpen ? "wallet_would_exceed_open" : code];
    if (typeof said === "function") return said(i18n.money(cents));
    return said ?? problemText({ code, data, ...rest });
  }

  get amountMissing(): string {
    return this.w.topUp.amountMissing(typed(1500, i18n.tag), typed(1250, i18n.tag));
  }

  /** Title of a line of the history. */
  line({ step, purpose, cents }: WalletLine): string {
    const { held, purposes, in: into, out } = this.w.history;
    if (step === "hold") return held;
    return purposes[purpose] ?? (cents > 0 ? into : out);
  }

  /** Time and place of a line, and whether it moved bonus credit. */
  detail({ place, bonus }: WalletLine, when: string): string {
    return [when, i18n.text(place), bonus ? this.w.history.bonus : ""].filter(Boolean).join(" · ");
  }

  /** State of a rule for automatic top-ups. */
  ruleState({ state, retry_at }: AutoTopUp): string {
    const { states } = this.w.auto;
    return state === "on" && retry_at ? states.paused(i18n.time(retry_at)) : states[state];
  }

  /** Why a rule is off or paused. */
  ruleReason({ reason }: AutoTopUp): string {
    return reason ? (this.w.auto.reasons[reason] ?? this.w.auto.reason) : "";
  }

  ruleRefusal(problem: Problem): string {
    const { code, data } = problem;
    const words: Record<string, (sum: string) => string> = this.w.auto.refusals;
    return words[code]?.(i18n.money(Number(data.min_cents ?? data.max_cents ?? 0))) ?? this.refusal(problem);
  }

  /** Signed amount of a line, with a minus sign (as wide as a plus) instead of a hyphen. */
  moved(cents: number): string {
    return i18n.signed(cents).replace("-", "−");
  }
}

export const words = new WalletWords(import.meta.glob<Words>("$messages/*/web/wallet.ts", { import: "wallet" }));
