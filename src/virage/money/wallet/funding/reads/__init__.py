"""What screens and the domains above may ask about the funding of wallets."""
