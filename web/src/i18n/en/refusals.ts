/** Refusals that few people meet: fetched with the first of them. What a screen says in its own words stands with that screen. */
export const refusals: Record<string, string> = {
  // places and orders
  category_unknown: "This price category is no longer on sale. Reload the page and choose again.",
  block_unknown: "This block is not on sale at this event. Reload the page and choose again.",
  area_unknown: "This standing area is not on sale at this event. Reload the page and choose again.",
  payment_failed: "The bank did not accept this payment. Nothing was charged. Try again, or use another card.",
  prices_sold_places: "Tickets are already sold at these places. Check what changes for them, then publish again.",
  tickets_not_named: "Tickets for this event carry no name.",
  paper_not_accepted: "Paper tickets are not accepted at this event. Use the ticket in the app.",
  place_needs_access: "A wheelchair space needs a ticket of the access tariff.",
  // passes
  pass_already_entered: "Somebody has already entered with this ticket. It can no longer be moved.",
  pass_bound_to_another_phone: "This ticket is on another phone. Move it here first.",
  pass_expired: "This event is over, and so is this ticket.",
  pass_not_bound: "This ticket is on no phone yet. Open it on the phone that you bring.",
  pass_not_open_yet: "The entry code is not available yet. Come back closer to the event.",
  pass_printed: "This ticket was printed. Move it back to a phone, or bring the paper.",
  pass_rebinds_used_up: "This ticket cannot be moved to another phone any more. Ask at the box office.",
  pass_revoked: "This ticket was refunded or replaced. It does not open a gate any more.",
  // food, replays, accounts
  no_way: "No way leads there right now.",
  replay_download_not_allowed: "This replay cannot be downloaded.",
  pin_trivial: "This PIN is too easy to guess. Choose another one.",
  has_upcoming_tickets: "You still have tickets for coming events.",
  purse_not_empty: "There is still money in your wallet that can’t go back to a card. Collect it at a card desk, then delete your account.",
  own_purse: "You cannot give a bonus to your own wallet. Ask a colleague.",
  amount_invalid: "This amount is not possible. Check it and try again.",
  // requests that the app made badly, or twice with other details
  cross_site: "Your browser did not say where this request came from. Reload the page and try again.",
  unprocessable: "This app sent something that the server cannot use. Reload the page and try again.",
  id_reused: "This was sent before with other details. Reload the page and look before you try again.",
  gift_id_taken: "This was sent before with other details. Reload the page and look before you try again.",
  top_up_id_taken: "This was sent before with other details. Reload the page and look before you try again.",
};
