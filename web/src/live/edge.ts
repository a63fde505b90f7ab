/** Where a feed is told. */

/** The address at which an answer says that it can be followed (RFC 8288, relation `monitor` of RFC 5989); ours only. */
export function monitor(link: string | null): string | null {
  const found = /<(\/[^/>][^>]*)>\s*;\s*rel="?monitor"?/.exec(link ?? "");
  return found?.[1] ?? null;
}
