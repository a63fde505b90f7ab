"""The purse: a double-entry ledger, contactless cards, top-up, pay, refund."""
