"""The queries of the funding of wallets, one typed function each."""
