import type * as English from "../../en/web/sold";

export const categories: typeof English.categories = {
  menus: "Menus",
  beers: "Bières",
  soft_drinks: "Boissons fraîches",
  hot_drinks: "Boissons chaudes",
  hot_food: "Plats chauds",
  snacks: "À grignoter",
  sweets: "Douceurs",
  shop: "Boutique",
};

/** As in the middle of a sentence. */
export const allergens: typeof English.allergens = {
  gluten: "gluten",
  crustaceans: "crustacés",
  eggs: "œufs",
  fish: "poisson",
  peanuts: "arachides",
  soybeans: "soja",
  milk: "lait",
  nuts: "fruits à coque",
  celery: "céleri",
  mustard: "moutarde",
  sesame: "sésame",
  sulphites: "sulfites",
  lupin: "lupin",
  molluscs: "mollusques",
};

export const diets: typeof English.diets = { vegetarian: "Végétarien", vegan: "Végan" };
