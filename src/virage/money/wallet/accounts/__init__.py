"""The accounts of fans: wallets, what is in them, and their history."""
