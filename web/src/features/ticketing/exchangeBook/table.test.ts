import { beforeAll, expect, it } from "vitest";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import type { OfficeListing } from "../../../shared/office/types";
import { csvOf } from "./table";

// Numbers and words without a document.
beforeAll(async () => {
  i18n.locale = "en";
  i18n.messages = (await import("$messages/en/web/index")).messages;
});

it("writes a line for each ticket, and no name as a formula", () => {
  const label = { stand: "North", block: "104", row: "3", seat: "5", area: null, area_name: null, gate_group: "N" };
  const listing = {
    id: "l", state: "sold", held: false, seller_id: "s", seller: "=HYPERLINK(1)", sold_in_year: 2, total_cents: 8000, payout_cents: 7600,
    order_id: "o", reasons: [], listed_at: "2026-12-01T06:00:00Z", ended_at: null, decided_by: null, decided_at: null,
    places: [{ ticket_id: "t", place: 1, label, tariff: "access", price_cents: 8000, face_cents: 8000 }, { ticket_id: "u", place: 2, label, tariff: "companion", price_cents: 0, face_cents: 0 }],
  } as unknown as OfficeListing;
  const [head, ...lines] = csvOf([listing]).split("\r\n");
  expect(head).toMatch(/^listing,state,held,place,tariff,price,paid,seller,/);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain(`"North, Block 104, Row 3, seat 5",access,80.00,80.00,"'=HYPERLINK(1)",s,2`);
  expect(lines[1]).toContain("companion,0.00,0.00");
});
