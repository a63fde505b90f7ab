"""Bonus grants: credit that is spent first and never paid out."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.ledger.types import Account, AccountKind, Transfer, account, bonus, wallet_account
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents

BONUS_CENTS_MAX: Final = 50_000
"""Maximum of one grant by the office."""
_ERASED: Final = account(AccountKind.GRANTS, "erased")
"""Account that takes back the bonus credit of erased people."""


class BonusReason(StrEnum):
    """Reason of a bonus grant."""

    GOODWILL = "goodwill"
    COMPENSATION = "compensation"
    PROMOTION = "promotion"
    LATE_ORDER = "late_order"


class Reason(StrEnum):
    """Refusals of a bonus grant."""

    NOT_FOUND = "not_found"
    WALLET_FROZEN = "wallet_frozen"
    AMOUNT_INVALID = "amount_invalid"
    GIFT_ID_TAKEN = "gift_id_taken"
    OWN_WALLET = "own_wallet"


class BonusGrant(Struct, frozen=True):
    """A bonus grant. The caller creates `id`; `given_by` None: granted by a rule."""

    id: UUID
    wallet_id: UUID
    cents: Cents
    reason: str
    given_by: UUID | None = None


class GrantedBonus(Struct, frozen=True):
    """A booked bonus grant; `bonus_cents` is the wallet's bonus credit now."""

    id: UUID
    wallet_id: UUID
    cents: Cents
    bonus_cents: Cents


def granted_from(reason: str) -> Account:
    """Return the source account of a reason."""
    return account(AccountKind.GRANTS, reason)


def grant_transfer(grant: BonusGrant) -> Transfer:
    """Return the transfer of a grant; its id is deterministic."""
    return Transfer(
        named_id(grant.id, "gift"),
        granted_from(grant.reason),
        bonus(grant.wallet_id),
        grant.cents,
        "bonus_given",
        grant.id,
    )


def forfeit(transfer_id: UUID, wallet_id: UUID, cents: Cents) -> Transfer:
    """Return the transfer that cancels the bonus credit of an erased person."""
    return Transfer(transfer_id, bonus(wallet_id), _ERASED, cents, "bonus_forfeited", wallet_account(wallet_id).id)
