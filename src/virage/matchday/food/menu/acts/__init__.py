"""Acts on the catalogue, its prices, alcohol permits and stock."""
