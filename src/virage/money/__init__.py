"""Money in, out and between: payments through a provider, and the wallet."""
