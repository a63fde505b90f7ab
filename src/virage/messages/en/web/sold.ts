/** The words of what is sold: the same on a fan's menu, at a till and in the office. */
export const categories = {
  menus: "Menus",
  beers: "Beers",
  soft_drinks: "Soft drinks",
  hot_drinks: "Hot drinks",
  hot_food: "Hot food",
  snacks: "Snacks",
  sweets: "Sweets",
  shop: "Shop",
};

/** As in the middle of a sentence. */
export const allergens = {
  gluten: "gluten",
  crustaceans: "crustaceans",
  eggs: "eggs",
  fish: "fish",
  peanuts: "peanuts",
  soybeans: "soybeans",
  milk: "milk",
  nuts: "nuts",
  celery: "celery",
  mustard: "mustard",
  sesame: "sesame",
  sulphites: "sulphites",
  lupin: "lupin",
  molluscs: "molluscs",
};

export const diets = { vegetarian: "Vegetarian", vegan: "Vegan" };
