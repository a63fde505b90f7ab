"""What accounts add to the application: names alone."""

from virage.platform.module import Module

module = Module(
    "wallet_accounts",
    refusals={
        "purse_would_exceed": 409,
    },
)
