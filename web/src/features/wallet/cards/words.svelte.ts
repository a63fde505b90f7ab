/** Texts of cards and of their refusals. */
import type { Problem } from "../../../shared/api/answer";
import type { MyCard } from "../../../shared/api/words";
import type { cards } from "$messages/en/web/cards";
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { problemText } from "../../../shared/runtime/words";

export type Words = typeof cards;

class CardWords extends Bundle<Words> {
  /** Name of a card; without a label, when it was added. */
  name({ label, linked_at }: { label: string | null; linked_at?: string | null }): string {
    if (label) return label;
    return linked_at ? this.w.unnamedSince(i18n.date(linked_at, { day: "numeric", month: "long" })) : this.w.unnamed;
  }

  /** Summary of a card in one line. */
  state({ blocked, daily_limit_cents: limit, spent_today_cents: spent, has_pin }: MyCard): string {
    if (blocked) return this.w.isBlocked;
    const parts = [limit === null ? this.w.active : this.w.spent(i18n.money(spent), i18n.money(limit)), has_pin ? this.w.withPin : ""];
    return parts.filter(Boolean).join(" · ");
  }

  refusal(problem: Problem): string {
    const { code, data } = problem;
    if (code === "card_blocked") return this.blocked(String(data.reason));
    return (this.w.refusals as Record<string, string>)[code] ?? problemText(problem);
  }

  /** Why a card is blocked. */
  blocked(reason: string): string {
    return this.w.blocked[reason] ?? this.w.blocked.lost!;
  }
}

export const words = new CardWords(import.meta.glob<Words>("$messages/*/web/cards.ts", { import: "cards" }));
