/** What the routes of food and money refuse, in the office's words: with the office, for its dialogs say it too. */
export const foodProblems = {
  catalogue_incomplete: "The draft isn’t complete. Fix the highlighted items.",
  stock_short: "There isn’t enough stock. Count it first.",
  alcohol_permits_used_up: "All ten permits for that year have been used.",
  id_taken: "This was already saved with different details. Check the list.",
  unsupported_media_type: "Only JPEG, PNG and WebP pictures are accepted.",
  picture_too_large: "The picture is too large: 300 kB and 2,000 pixels a side at most.",
  too_large: "The picture is too large: 300 kB and 2,000 pixels a side at most.",
  cards_off: "This venue isn’t set up for contactless cards.",
  code_wrong: "No card has this code.",
  card_in_use: "The card with this code is already in use. Use a new card as a replacement.",
  card_linked: "The card with this code already belongs to someone.",
  card_blocked: "The card with this code is blocked.",
  terms_overlap: "Another contract already covers this outlet on one of these days.",
  terms_in_force: "This contract started on a closed day. Only its end date can change, and not to before the last closed day.",
  concessionaire_in_use: "You can’t delete a concessionaire that has outlets. End its contracts instead.",
  period_too_long: "This period is too long. Choose a shorter one.",
};
