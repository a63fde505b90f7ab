"""What cards adds to the application."""

from virage.money.wallet.cards.acts.cards import EmptyClosed, open_card_secrets
from virage.money.wallet.cards.jobs import CardJobs
from virage.money.wallet.cards.routes import routers
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "wallet_cards",
    routers=routers,
    refusals={
        "card_blocked": 409,
        "card_in_use": 409,
        "card_linked": 409,
        "card_unknown": 409,
        "cards_off": 409,
        "confirmation_required": 409,
        "daily_limit_reached": 409,
        "id_reused": 409,
        "key_taken": 409,
        "phones_max": 409,
        "pin_not_set": 409,
        "pin_wrong": 409,
        "proof_forged": 409,
        "proof_too_old": 409,
        "proof_used": 409,
        "tap_forged": 409,
        "tap_replayed": 409,
        "uid_taken": 409,
    },
    lock_ranks={
        "lock_turn_of_new_cards()": (),
        "card": ("card_day", "card_pin"),
        "phone_key": (),
        "proof": (),
    },
    lock_exceptions={
        "insert_phone_key": LockException("A new key, which only its own phone sends.", holds=False),
        "insert_cards": LockException(
            "Cards are made by one transaction at a time.", under="wallet_cards.lock_turn_of_new_cards()", holds=False
        ),
    },
)


def build(process: Process, empty_closed: EmptyClosed) -> Parts:
    """Return what they add; `empty_closed` gives back what is in a wallet that ends with its card."""
    desk = CardDesk(process.db, process.clock, open_card_secrets(process.config))
    return Parts(
        {"card_desk": desk, "card_taps": desk.taps, "empty_closed": empty_closed},
        jobs=[CardJobs(process.db, process.clock).register],
    )
