/** The table of listings as a CSV file. */
import Papa from "papaparse";
import type { OfficeListing } from "../../../shared/office/types";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { unitOf } from "../../../shared/ui/currency";
import { placeText } from "../places";

const amount = (cents: number): string => (cents / unitOf(i18n.currency)).toFixed(i18n.currency.digits);

/** One line per ticket, with the names of the API as columns; amounts are in units of the currency. */
export function csvOf(listings: readonly OfficeListing[]): string {
  const rows = listings.flatMap((listing) =>
    listing.places.map((place) => ({
      listing: listing.id,
      state: listing.state,
      held: listing.held,
      place: placeText(place.label),
      tariff: place.tariff,
      price: amount(place.price_cents),
      paid: amount(place.face_cents),
      seller: listing.seller ?? "",
      seller_id: listing.seller_id,
      sold_in_year: listing.sold_in_year,
      listed_at: listing.listed_at,
      ended_at: listing.ended_at ?? "",
      reasons: listing.reasons.join(" "),
      decided_by: listing.decided_by ?? "",
      order_id: listing.order_id ?? "",
    })),
  );
  // A spreadsheet program would run a name that begins as a formula.
  return Papa.unparse(rows, { escapeFormulae: true });
}
