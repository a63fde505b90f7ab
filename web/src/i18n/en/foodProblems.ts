/** What the routes of food and money refuse, in the office's words: with the office, for its dialogs say it too. */
export const foodProblems = {
  catalogue_incomplete: "The draft is not complete: see what is marked.",
  stock_short: "There is less of it than that. Count it first.",
  derogations_of_year_used: "All ten derogations of that year are used.",
  id_taken: "This was entered already, with other words. Look at the list.",
  unsupported_media_type: "Only JPEG, PNG and WebP pictures are taken.",
  picture_too_large: "The picture is too large: at most 300 kB and 2,000 pixels a side.",
  too_large: "The picture is too large: at most 300 kB and 2,000 pixels a side.",
  cards_off: "This ground has no key for contactless cards.",
  code_wrong: "No card carries this code.",
  card_in_use: "The card with this code is in use: only a fresh one can replace another.",
  card_linked: "The card with this code belongs to somebody already.",
  card_blocked: "The card with this code is blocked.",
  terms_overlap: "Somebody runs this outlet on one of these days already.",
  terms_in_force: "These terms began on a day that is closed: only their end can move, and not before the last closed day.",
  concessionaire_in_use: "A concessionaire with outlets cannot be struck out. End their terms instead.",
  period_too_long: "That period is too long. Choose a shorter one.",
};
