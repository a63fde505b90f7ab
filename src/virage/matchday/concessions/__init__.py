"""Food and shop: what is sold where and at which price, what is left of it, and how tills sell it and write it down."""
