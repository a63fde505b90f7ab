"""Declarations of the ledger: refusals and lock ranks."""

from virage.platform.module import LockException, Module

module = Module(
    "wallet_ledger",
    refusals={
        "account_not_found": 409,
        "exceeds_hold": 409,
        "hold_ended": 409,
        "hold_not_found": 409,
        "insufficient_funds": 409,
        "transfer_id_taken": 409,
        "units_differ": 409,
    },
    lock_ranks={
        "account": (),
    },
    lock_exceptions={
        "open_accounts": LockException(
            "Accounts are new; a transfer between them locks them later, at their place.", holds=False
        ),
    },
)
