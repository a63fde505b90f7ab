/** Time formats of the desk: to the second, or to a tenth for frames. */
import { i18n } from "../../../shared/i18n/i18n.svelte";

export function second(at: number): string {
  return i18n.date(new Date(at).toISOString(), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function tenth(at: number): string {
  return i18n.date(new Date(at).toISOString(), { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 });
}

/** A duration in seconds, such as 12.4. */
export function length(ms: number): string {
  return new Intl.NumberFormat(i18n.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(ms / 1000);
}
