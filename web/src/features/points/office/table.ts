/** Redeemed rewards and totals as CSV files. */
import Papa from "papaparse";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import type { OfficeRedemption, PointsTotal } from "./types";

/** One line per redeemed reward, with the names of the API as columns. */
export const redemptionsCsv = (redemptions: readonly OfficeRedemption[]): string =>
  csv(
    redemptions.map((one) => ({
      redemption: one.id,
      reward: i18n.text(one.reward),
      kind: one.kind,
      price_points: one.price_points,
      state: one.state,
      code: one.code,
      name: one.name ?? "",
      email: one.email ?? "",
      text: one.text ?? "",
      redeemed_at: one.redeemed_at,
      state_at: one.state_at,
      cancel_reason: one.cancel_reason ?? "",
    })),
  );

/** One line per rule and kind of movement. */
export const totalsCsv = (totals: readonly PointsTotal[]): string =>
  csv(
    totals.map((one) => ({
      kind: one.kind,
      rule_id: one.rule_id ?? "",
      rule: i18n.text(one.rule),
      movements: one.movements,
      points: one.points,
      written_off: one.written_off,
    })),
  );

// A spreadsheet program would run a text that begins as a formula.
const csv = (rows: Record<string, unknown>[]): string => Papa.unparse(rows, { escapeFormulae: true });
