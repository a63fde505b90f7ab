"""Pure rules of funding."""
