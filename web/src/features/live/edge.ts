/** Discovery of the edge. */

/** The address in a `Link` header with the relation `monitor` (RFC 8288, RFC 5989); same origin only. */
export function monitor(link: string | null): string | null {
  const found = /<(\/[^/>][^>]*)>\s*;\s*rel="?monitor"?/.exec(link ?? "");
  return found?.[1] ?? null;
}
