import type * as English from "../../en/web/sold";

export const categories: typeof English.categories = {
  menus: "Menüs",
  beers: "Biere",
  soft_drinks: "Kaltgetränke",
  hot_drinks: "Heißgetränke",
  hot_food: "Warme Speisen",
  snacks: "Snacks",
  sweets: "Süßes",
  shop: "Shop",
};

/** As in the middle of a sentence. */
export const allergens: typeof English.allergens = {
  gluten: "Gluten",
  crustaceans: "Krebstiere",
  eggs: "Eier",
  fish: "Fisch",
  peanuts: "Erdnüsse",
  soybeans: "Soja",
  milk: "Milch",
  nuts: "Schalenfrüchte",
  celery: "Sellerie",
  mustard: "Senf",
  sesame: "Sesam",
  sulphites: "Sulfite",
  lupin: "Lupinen",
  molluscs: "Weichtiere",
};

export const diets: typeof English.diets = { vegetarian: "Vegetarisch", vegan: "Vegan" };
