"""Food and shop: what is sold where and at which price, what tills sell, and what phones order."""
