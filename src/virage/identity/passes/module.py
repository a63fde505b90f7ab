"""The module of passes: refusal codes and lock ranks."""

from virage.platform.module import Module

module = Module(
    "passes",
    refusals={
        "paper_not_accepted": 409,
        "pass_already_entered": 409,
        "pass_bound_to_another_phone": 409,
        "pass_expired": 409,
        "pass_not_bound": 409,
        "pass_not_open_yet": 409,
        "pass_printed": 409,
        "pass_rebinds_used_up": 409,
        "pass_revoked": 409,
    },
    lock_ranks={
        "counter": (),
        "pass": (),
    },
)
