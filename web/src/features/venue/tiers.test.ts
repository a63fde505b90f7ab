import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BlockGeometry } from "../../shared/api/words";
import { i18n } from "../../shared/i18n/i18n.svelte";
import { tierName, tiersOf } from "./tiers";

beforeAll(async () => {
  vi.stubGlobal("document", { documentElement: {} });
  await i18n.use("en");
});
afterAll(() => vi.unstubAllGlobals());

const block = (code: string, ring: number, kind = "seats"): BlockGeometry => ({ code, ring, kind }) as BlockGeometry;
const namesOf = (blocks: BlockGeometry[]): string[] => tiersOf({ blocks }, blocks).map(({ name }) => name);

describe("the tiers of a venue", () => {
  it("have names where there are two or three, and numbers where there are more or only one", () => {
    const tiers = [1, 2, 3, 4].map((ring) => block(String(ring), ring));
    expect(namesOf(tiers.slice(0, 1))).toEqual(["Tier 1"]);
    expect(namesOf(tiers.slice(0, 2))).toEqual(["Lower tier", "Upper tier"]);
    expect(namesOf(tiers.slice(0, 3))).toEqual(["Lower tier", "Middle tier", "Upper tier"]);
    expect(namesOf(tiers)).toEqual(["Tier 1", "Tier 2", "Tier 3", "Tier 4"]);
  });

  it("contain every block once, and the boxes come last whatever their tier", () => {
    const blocks = [block("L1", 2, "box"), block("301", 9), block("101", 1), block("102", 1)];
    expect(tiersOf({ blocks }, blocks).map((tier) => tier.blocks.map(({ code }) => code))).toEqual([["101", "102"], ["301"], ["L1"]]);
    expect(tierName(blocks[0]!, { blocks })).toBe("Boxes");
  });
});
