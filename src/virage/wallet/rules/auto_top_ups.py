"""A top-up that a fan's rule asks for: below so much, add so much, at most so much a day."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.kernel.money import Cents
from virage.kernel.problems import Refused
from virage.wallet.rules.ledger import Balance
from virage.wallet.rules.purses import Limits

CENTS_MAX: Final = 1_000_000
DECLINES_MAX: Final = 2
"""So many declines in a row end a rule."""
RETRY_AFTER: Final = timedelta(hours=1)
NEEDS_AUTHENTICATION: Final = "authentication_required"

Amount = Annotated[int, Meta(ge=1, le=CENTS_MAX)]


class RuleState(StrEnum):
    """Where a rule stands: it waits for its card, charges it, or is off."""

    WAITING = "waiting"
    ON = "on"
    OFF = "off"


class Reason(StrEnum):
    """Why a rule is refused or off; beside these stands what the provider said (`card_declined`)."""

    CONSENT_REQUIRED = "consent_required"
    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    PURSE_WOULD_EXCEED = "purse_would_exceed"
    DAY_BELOW_AMOUNT = "day_below_amount"
    METHOD_ID_TAKEN = "method_id_taken"
    METHOD_FAILED = "method_failed"
    PURSE_FROZEN = "purse_frozen"


class AutoTopUpWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A fan's rule. The browser makes `method_id`: a new one leads to the provider's page, which keeps a card.

    `consent`: the fan has read that the card is charged without them, and agreed.
    """

    method_id: UUID
    below_cents: Amount
    add_cents: Amount
    day_max_cents: Amount
    consent: bool


class Rule(Struct, frozen=True):
    """A rule as it is stored."""

    purse_id: UUID
    method_id: UUID
    below_cents: Cents
    add_cents: Cents
    day_max_cents: Cents
    consented_at: datetime
    state: RuleState
    reason: str | None = None
    declines: int = 0
    retry_at: datetime | None = None
    top_up_id: UUID | None = None
    day: date | None = None
    day_cents: Cents = 0

    def asked_on(self, day: date) -> Cents:
        """What it asked for on a day of the ground's own calendar."""
        return self.day_cents if self.day == day else 0


def refuse(wish: AutoTopUpWish, limits: Limits) -> Refused | None:
    """Why a rule makes no sense, or is more than the law's limits allow."""
    if not wish.consent:
        return Refused(Reason.CONSENT_REQUIRED)
    if wish.add_cents < limits.top_up_min_cents:
        return Refused(Reason.AMOUNT_BELOW_MIN, {"min_cents": limits.top_up_min_cents})
    if wish.add_cents > limits.top_up_max_cents:
        return Refused(Reason.AMOUNT_ABOVE_MAX, {"max_cents": limits.top_up_max_cents})
    if wish.below_cents + wish.add_cents > limits.purse_max_cents:
        return Refused(Reason.PURSE_WOULD_EXCEED, {"max_cents": limits.purse_max_cents})
    if wish.day_max_cents < wish.add_cents:
        return Refused(Reason.DAY_BELOW_AMOUNT, {"min_cents": wish.add_cents})
    return None


def is_due(rule: Rule, balance: Balance, limits: Limits, day: date, now: datetime) -> bool:
    """Whether a rule asks for its top-up now."""
    return (
        rule.state is RuleState.ON
        and balance.available_cents < rule.below_cents
        and (rule.retry_at is None or rule.retry_at <= now)
        and rule.asked_on(day) + rule.add_cents <= rule.day_max_cents
        and limits.top_up_min_cents <= rule.add_cents <= limits.top_up_max_cents
        and balance.balance_cents + rule.add_cents <= limits.purse_max_cents
    )
