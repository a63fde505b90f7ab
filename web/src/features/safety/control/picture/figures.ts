/** Which of several figures of one thing is shown where there is room for one. */
import type { Figure } from "./picture.svelte";

/** The count of cameras and counters, else that of scans; null if it is not measured. Estimates are no counts. */
export function countOf(figures: readonly Figure[]): number | null {
  const counts = figures.filter(({ value, is_estimate }) => value !== null && !is_estimate);
  return (counts.find(({ source }) => source === "counters") ?? counts[0])?.value ?? null;
}
