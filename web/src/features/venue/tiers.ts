/** Tiers of a venue, the lowest first, and its boxes. */
import type { BlockGeometry, Geometry } from "../../shared/api/words";
import { i18n } from "../../shared/i18n/i18n.svelte";

/** Boxes follow the last tier: tiers are numbered from 1 to 9. */
const BOXES = 10;

export interface Tier {
  name: string;
  blocks: BlockGeometry[];
}

/** Name of the tier of a block; boxes are named together. */
export function tierName(block: BlockGeometry, { blocks }: Pick<Geometry, "blocks">): string {
  if (block.kind === "box") return i18n.m.map.boxes;
  return i18n.m.map.tier(block.ring, Math.max(...blocks.filter(({ kind }) => kind !== "box").map(({ ring }) => ring)));
}

/** The blocks by tier, the boxes last. */
export function tiersOf(venue: Pick<Geometry, "blocks">, blocks: readonly BlockGeometry[]): Tier[] {
  const order = ({ kind, ring }: BlockGeometry): number => (kind === "box" ? BOXES : ring);
  const tiers: Tier[] = [];
  for (const block of [...blocks].sort((a, b) => order(a) - order(b))) {
    const name = tierName(block, venue);
    if (tiers.at(-1)?.name !== name) tiers.push({ name, blocks: [] });
    tiers.at(-1)!.blocks.push(block);
  }
  return tiers;
}
