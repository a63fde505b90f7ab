"""A top-up that a fan's rule asks for: below so much, add so much, at most so much a day."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.money.wallet.funding.rules.top_ups import Limits
from virage.money.wallet.ledger.types import Balance
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

CENTS_MAX: Final = 1_000_000
DECLINES_MAX: Final = 2
"""So many declines in a row end a rule."""
RETRY_AFTER: Final = timedelta(hours=1)
NEEDS_AUTHENTICATION: Final = "authentication_required"

Amount = Annotated[int, Meta(ge=1, le=CENTS_MAX)]


class RuleState(StrEnum):
    """Where a rule stands: it charges its card, or is off. As its owner sees it, it may wait for its card before."""

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


def is_due(rule: Rule, balance: Balance, limits: Limits, day: date, now: datetime, *, open_cents: Cents) -> bool:
    """Whether a rule asks for its top-up now. Top-ups that may still be paid (`open_cents`) count to the limit."""
    return (
        rule.state is RuleState.ON
        and balance.available_cents < rule.below_cents
        and (rule.retry_at is None or rule.retry_at <= now)
        and rule.asked_on(day) + rule.add_cents <= rule.day_max_cents
        and limits.top_up_min_cents <= rule.add_cents <= limits.top_up_max_cents
        and balance.balance_cents + open_cents + rule.add_cents <= limits.purse_max_cents
    )


def begun(rule: Rule, top_up_id: UUID, day: date) -> Rule:
    """The rule once it has asked for a top-up."""
    return replace(rule, top_up_id=top_up_id, day=day, day_cents=rule.asked_on(day) + rule.add_cents)


def credited(rule: Rule) -> Rule:
    """The rule once its top-up is in the purse."""
    return replace(rule, top_up_id=None, declines=0, retry_at=None, reason=None)


def failed(rule: Rule, reason: str | None, *, cents: Cents, declined: bool, now: datetime) -> Rule:
    """The rule once its top-up of so much brought nothing: it pauses, and ends after two declines in a row.

    What it adds may have been changed since it asked, so the day gets back what was asked for then.
    A bank that wants its customer there ends it at once: without them it will never say yes.
    """
    declines = rule.declines + declined
    ends = declines >= DECLINES_MAX or reason == NEEDS_AUTHENTICATION
    return replace(
        rule,
        top_up_id=None,
        state=RuleState.OFF if ends else rule.state,
        reason=reason,
        declines=declines,
        retry_at=None if ends else now + RETRY_AFTER,
        day_cents=max(0, rule.day_cents - cents),
    )


def ended(rule: Rule, reason: str | None) -> Rule:
    """The rule once its card is none that can be charged."""
    return replace(rule, state=RuleState.OFF, reason=reason, retry_at=None)
