"""The wallet: its ledger, the accounts of fans, the cards that pay, and the funding."""
