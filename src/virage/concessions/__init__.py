"""Food and shop: what is sold where and at which price, and what is left of it."""
