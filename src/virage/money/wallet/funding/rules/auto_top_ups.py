"""Rules of automatic top-ups: below X, add Y, at most Z per day."""

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
"""Declines in a row that end a rule."""
RETRY_AFTER: Final = timedelta(hours=1)
CONFIRM_DAYS: Final = 7
"""How long an owner may confirm a charge; afterwards the rule ends."""
NEEDS_AUTHENTICATION: Final = "authentication_required"

Amount = Annotated[int, Meta(ge=1, le=CENTS_MAX)]


class RuleState(StrEnum):
    """State of a rule; `waiting`, for a card to be saved, is only shown and never stored."""

    WAITING = "waiting"
    ON = "on"
    CONFIRM = "confirm"  # the bank wants the owner to confirm the charge `top_up_id`, until `retry_at`
    OFF = "off"


class Reason(StrEnum):
    """Why a rule is refused or off; the provider's own codes (`card_declined`) are used as well."""

    CONSENT_REQUIRED = "consent_required"
    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    WALLET_WOULD_EXCEED = "wallet_would_exceed"
    DAY_BELOW_AMOUNT = "day_below_amount"
    METHOD_FAILED = "method_failed"
    NOTHING_TO_CONFIRM = "nothing_to_confirm"
    WALLET_FROZEN = "wallet_frozen"


class AutoTopUpRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Request of an automatic top-up. The browser creates `method_id`; a new one leads to the provider's page.

    `consent`: the fan agreed that the card is charged automatically.
    """

    method_id: UUID
    below_cents: Amount
    add_cents: Amount
    day_max_cents: Amount
    consent: bool


class Rule(Struct, frozen=True, rename={"wallet_id": "purse_id"}):
    """A stored rule. Exports keep the stored name `purse_id`."""

    wallet_id: UUID
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
        """Return the cents requested on a local day of the deployment."""
        return self.day_cents if self.day == day else 0


def refuse(wish: AutoTopUpRequest, limits: Limits) -> Refused | None:
    """Refuse a rule that is contradictory or exceeds the limits."""
    if not wish.consent:
        return Refused(Reason.CONSENT_REQUIRED)
    if wish.add_cents < limits.top_up_min_cents:
        return Refused(Reason.AMOUNT_BELOW_MIN, {"min_cents": limits.top_up_min_cents})
    if wish.add_cents > limits.top_up_max_cents:
        return Refused(Reason.AMOUNT_ABOVE_MAX, {"max_cents": limits.top_up_max_cents})
    if wish.below_cents + wish.add_cents > limits.wallet_max_cents:
        return Refused(Reason.WALLET_WOULD_EXCEED, {"max_cents": limits.wallet_max_cents})
    if wish.day_max_cents < wish.add_cents:
        return Refused(Reason.DAY_BELOW_AMOUNT, {"min_cents": wish.add_cents})
    return None


def is_due(rule: Rule, balance: Balance, limits: Limits, day: date, now: datetime, *, open_cents: Cents) -> bool:
    """Return whether a top-up is due. Unpaid top-ups (`open_cents`) count towards the limit."""
    return (
        rule.state is RuleState.ON
        and balance.available_cents < rule.below_cents
        and (rule.retry_at is None or rule.retry_at <= now)
        and rule.asked_on(day) + rule.add_cents <= rule.day_max_cents
        and limits.top_up_min_cents <= rule.add_cents <= limits.top_up_max_cents
        and balance.balance_cents + open_cents + rule.add_cents <= limits.wallet_max_cents
    )


def begun(rule: Rule, top_up_id: UUID, day: date) -> Rule:
    """Return the rule after its top-up began."""
    return replace(rule, top_up_id=top_up_id, day=day, day_cents=rule.asked_on(day) + rule.add_cents)


def credited(rule: Rule) -> Rule:
    """Return the rule after its top-up was credited; one whose owner confirmed the charge goes on."""
    state = RuleState.ON if rule.state is RuleState.CONFIRM else rule.state
    return replace(rule, state=state, top_up_id=None, declines=0, retry_at=None, reason=None)


def failed(rule: Rule, reason: str | None, *, cents: Cents, declined: bool, now: datetime) -> Rule:
    """Return the rule after its top-up failed: paused, or off after two declines in a row.

    The day gets back the requested `cents`, since the rule's amount may have changed. If the bank requires
    authentication, the rule waits for its owner; it keeps waiting if the page of the confirmation fails.
    """
    day_cents = max(0, rule.day_cents - cents)
    if rule.state is RuleState.CONFIRM:
        if reason != Reason.WALLET_WOULD_EXCEED:
            return rule
        return replace(credited(rule), reason=reason, retry_at=now + RETRY_AFTER)  # confirmed, and sent back
    if reason == NEEDS_AUTHENTICATION:
        until = now + timedelta(days=CONFIRM_DAYS)
        return replace(rule, state=RuleState.CONFIRM, reason=reason, retry_at=until, day_cents=day_cents)
    declines = rule.declines + declined
    ends = declines >= DECLINES_MAX
    return replace(
        rule,
        top_up_id=None,
        state=RuleState.OFF if ends else rule.state,
        reason=reason,
        declines=declines,
        retry_at=None if ends else now + RETRY_AFTER,
        day_cents=day_cents,
    )


def is_lapsed(rule: Rule, now: datetime) -> bool:
    """Return whether the owner did not confirm the charge in time."""
    return rule.state is RuleState.CONFIRM and rule.retry_at is not None and rule.retry_at <= now


def ended(rule: Rule, reason: str | None) -> Rule:
    """Return the rule after its card became unusable, or its owner did not confirm a charge."""
    return replace(rule, state=RuleState.OFF, reason=reason, retry_at=None, top_up_id=None)
