/** Differences between the draft and the published catalogue. */
import type { Content, Draft, DraftItem, Item, Price } from "../office/types";

export type ChangeKind = "added" | "removed" | "price" | "content";
export interface Change {
  kind: ChangeKind;
  item: Item;
  /** Standard price before and after, if it differs. */
  from?: number | undefined;
  to?: number | undefined;
}

const standing = (prices: readonly Price[]): number | undefined => prices.find((price) => !price.outlet && !price.window)?.cents;

/** JSON with sorted members, so that equal documents are equal texts. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function changeOf(published: Item, publishedPrices: readonly Price[], { item, prices }: DraftItem): Change | null {
  const [from, to] = published.kind === "deposit" && item.kind === "deposit" ? [published.cents, item.cents] : [standing(publishedPrices), standing(prices)];
  if (from !== to) return { kind: "price", item, from, to };
  if (plain(prices) !== plain(publishedPrices)) return { kind: "price", item };
  return plain(published) === plain(item) ? null : { kind: "content", item };
}

/** Changes in the order of the board, removed items last. Without a published catalogue everything is new. */
export function changes(draft: Draft, inForce: Content | null): Change[] {
  const publishedItems = new Map(inForce?.items.map((item) => [item.id, item]));
  const draftIds = new Set(draft.items.map(({ item }) => item.id));
  const found = draft.items.map((entry) => {
    const published = publishedItems.get(entry.item.id);
    return published ? changeOf(published, inForce?.prices?.[entry.item.id] ?? [], entry) : ({ kind: "added", item: entry.item, to: entry.item.kind === "deposit" ? entry.item.cents : standing(entry.prices) } as const);
  });
  const removed = [...publishedItems.values()].filter((item) => !draftIds.has(item.id)).map((item): Change => ({ kind: "removed", item }));
  return [...found.filter((change) => change !== null), ...removed];
}
