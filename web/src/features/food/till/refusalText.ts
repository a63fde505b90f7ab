/** Text of a refusal. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import type { Refused } from "../rules/pricing";
import { till } from "./till.svelte";
import { words } from "./words.svelte";

export function refusalText({ reason, data }: Pick<Refused, "reason" | "data">): string {
  const cents = (name: string): number => Number(data[name] ?? 0);
  const { refusals } = words.w;
  const format = (refusals as Partial<Record<string, typeof refusals.internal>>)[reason] ?? refusals.internal;
  return format({
    available: i18n.exact(cents("available_cents")),
    left: i18n.exact(cents("left_cents")),
    leftCents: cents("left_cents"),
    cap: i18n.money(cents("cap_cents") || (till.pack?.limits.tap_cap_cents ?? 0)),
    why: String(data.why ?? ""),
  });
}
