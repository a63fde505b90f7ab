/**
 * Codes of gates, outlets, lifts and ramps. They are unique in the deployment: those of the first venue are bare (`01`),
 * those of other venues have the venue's prefix (`arena.01`). People read the local code next to the venue's name.
 */

/** The code as people read it, without the prefix of its venue. */
export const localCode = (code: string): string => code.slice(code.lastIndexOf(".") + 1);

/** The prefix of the code's venue with its full stop; empty for the first venue. */
export const prefixOf = (code: string): string => code.slice(0, code.lastIndexOf(".") + 1);

/** Order of codes: by venue, the first venue first, then by number. */
export function byCode(a: string, b: string): number {
  const venue = prefixOf(a).localeCompare(prefixOf(b));
  return venue || localCode(a).localeCompare(localCode(b), undefined, { numeric: true });
}

export interface OfVenue<Item> {
  /** Prefix of the venue. */
  prefix: string;
  items: Item[];
}

/** Things with a code by their venue, in the order in which the venues first appear. */
export function byVenue<Item>(items: readonly Item[], codeOf: (item: Item) => string): OfVenue<Item>[] {
  const groups = new Map<string, OfVenue<Item>>();
  for (const item of items) {
    const prefix = prefixOf(codeOf(item));
    const group = groups.get(prefix) ?? { prefix, items: [] };
    group.items.push(item);
    groups.set(prefix, group);
  }
  return [...groups.values()];
}
