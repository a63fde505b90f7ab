"""What is sold where and at which price, to whom by law, and what is left of it."""
