"""What the ledger adds to the application: names alone."""

from virage.platform.module import Module

module = Module(
    "wallet_ledger",
    refusals={
        "account_not_found": 409,
        "exceeds_hold": 409,
        "hold_ended": 409,
        "hold_not_found": 409,
        "insufficient_funds": 409,
        "transfer_id_taken": 409,
    },
)
