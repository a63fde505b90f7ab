/** Texts of the kitchen screen, and messages for its refusals. */
import type { Problem } from "../../../shared/api/answer";
import type { kitchen } from "$messages/en/web/kitchen";
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { clock } from "../../../shared/runtime/clock.svelte";
import { problemText } from "../../../shared/runtime/words";
import type { Delivery } from "./types";

export type Words = typeof kitchen;

class KitchenWords extends Bundle<Words> {
  refusal(problem: Problem): string {
    return (this.w.refusals as Record<string, string>)[problem.code] ?? problemText(problem);
  }

  /** A time, with its day unless it is today. */
  at(iso: string): string {
    const day = (moment: string): string => i18n.date(moment, { dateStyle: "short" });
    return day(iso) === day(new Date(clock.now()).toISOString()) ? i18n.time(iso) : i18n.moment(iso);
  }

  placeOf({ block, row, seat, area }: Delivery): string {
    if (area) return i18n.text(area);
    return [this.w.deliveries.block(block ?? ""), row ? this.w.deliveries.seat(row, String(seat ?? "")) : ""].filter(Boolean).join(", ");
  }
}

export const words = new KitchenWords(import.meta.glob<Words>("$messages/*/web/kitchen.ts", { import: "kitchen" }));
