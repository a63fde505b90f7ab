"""Top-ups, payouts and bonus credit of wallets."""
