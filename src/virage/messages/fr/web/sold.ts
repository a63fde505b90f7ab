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

export const allergens: typeof English.allergens = {
  gluten: "Gluten",
  crustaceans: "Crustacés",
  eggs: "Œufs",
  fish: "Poisson",
  peanuts: "Arachides",
  soybeans: "Soja",
  milk: "Lait",
  nuts: "Fruits à coque",
  celery: "Céleri",
  mustard: "Moutarde",
  sesame: "Sésame",
  sulphites: "Sulfites",
  lupin: "Lupin",
  molluscs: "Mollusques",
};

export const diets: typeof English.diets = { vegetarian: "Végétarien", vegan: "Végan" };
