"""Facts of a disputed payment, and the document about them."""
