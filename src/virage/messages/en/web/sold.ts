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

export const allergens = {
  gluten: "Gluten",
  crustaceans: "Crustaceans",
  eggs: "Eggs",
  fish: "Fish",
  peanuts: "Peanuts",
  soybeans: "Soybeans",
  milk: "Milk",
  nuts: "Nuts",
  celery: "Celery",
  mustard: "Mustard",
  sesame: "Sesame",
  sulphites: "Sulphites",
  lupin: "Lupin",
  molluscs: "Molluscs",
};

export const diets = { vegetarian: "Vegetarian", vegan: "Vegan" };
