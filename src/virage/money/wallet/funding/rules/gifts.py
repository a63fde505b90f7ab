"""What the house gives: bonus credit, spent before money and never paid out."""

from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from msgspec import Struct

from virage.money.wallet.ledger.types import Account, Kind, Transfer, account, bonus, purse
from virage.platform.values.money import Cents

GIFT_CENTS_MAX: Final = 50_000
"""The most that somebody of the office gives at once."""
_ERASED: Final = account(Kind.GRANTS, "erased")
"""Where the bonus of erased people goes back to."""


class GiftReason(StrEnum):
    """Why the house gives something."""

    GOODWILL = "goodwill"
    COMPENSATION = "compensation"
    PROMOTION = "promotion"
    LATE_ORDER = "late_order"


class Reason(StrEnum):
    """Why nothing is given."""

    NOT_FOUND = "not_found"
    PURSE_FROZEN = "purse_frozen"
    AMOUNT_INVALID = "amount_invalid"
    GIFT_ID_TAKEN = "gift_id_taken"
    OWN_PURSE = "own_purse"


class Gift(Struct, frozen=True):
    """Bonus credit for a purse. Whoever gives makes `id`: given twice, it is one gift. `given_by` None: a rule."""

    id: UUID
    purse_id: UUID
    cents: Cents
    reason: str
    given_by: UUID | None = None


class Given(Struct, frozen=True):
    """A gift that is in its purse: what bonus the purse has now."""

    id: UUID
    purse_id: UUID
    cents: Cents
    bonus_cents: Cents


def granted_from(reason: str) -> Account:
    """What gifts for one reason come out of."""
    return account(Kind.GRANTS, reason)


def gift(one: Gift) -> Transfer:
    """The transfer of a gift, the same each time."""
    return Transfer(
        uuid5(one.id, "gift"), granted_from(one.reason), bonus(one.purse_id), one.cents, "bonus_given", one.id
    )


def forfeit(transfer_id: UUID, purse_id: UUID, cents: Cents) -> Transfer:
    """What somebody who is erased had of bonus goes back to the house: nobody could spend it."""
    return Transfer(transfer_id, bonus(purse_id), _ERASED, cents, "bonus_forfeited", purse(purse_id).id)
