"""The double-entry ledger: accounts, and transfers between them."""
