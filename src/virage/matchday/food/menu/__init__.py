"""The catalogue: products, prices, alcohol rules and stock by outlet."""
