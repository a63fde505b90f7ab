"""Declarations of wallets: refusals and lock ranks."""

from virage.platform.module import LockException, Module

module = Module(
    "wallet_accounts",
    refusals={
        "wallet_would_exceed": 409,
    },
    lock_ranks={
        "lock_turn_of_person()": (),
        "purse": (),
    },
    lock_exceptions={
        "open_wallets": LockException(
            "New ids; the first wallet of a person is opened in the person's turn.", holds=False
        ),
    },
)
