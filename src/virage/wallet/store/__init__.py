"""The queries of the wallet, one typed function each."""
