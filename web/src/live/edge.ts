/** Where a feed is told, and what of it a phone lacks. */
const PAGE_ENTRIES = 32;

/** The address at which an answer says that it can be followed (RFC 8288, relation `monitor` of RFC 5989); ours only. */
export function monitor(link: string | null): string | null {
  const found = /<(\/[^/>][^>]*)>\s*;\s*rel="?monitor"?/.exec(link ?? "");
  return found?.[1] ?? null;
}

/** The pages that hold what is missing below the last of these numbers, in order. */
export function missingPages(numbers: readonly number[]): number[] {
  const known = new Set(numbers);
  const pages = new Set<number>();
  for (let number = 1; number < Math.max(0, ...numbers); number += 1) if (!known.has(number)) pages.add(Math.ceil(number / PAGE_ENTRIES));
  return [...pages];
}
