/** Texts of payments by phone and of their refusals. */
import type { Problem } from "../../../shared/api/answer";
import type { pay } from "$messages/en/web/pay";
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { problemText } from "../../../shared/runtime/words";

export type Words = typeof pay;

class PayWords extends Bundle<Words> {
  refusal(problem: Problem): string {
    return (this.w.refusals as Record<string, string>)[problem.code] ?? problemText(problem);
  }
}

export const words = new PayWords(import.meta.glob<Words>("$messages/*/web/pay.ts", { import: "pay" }));
