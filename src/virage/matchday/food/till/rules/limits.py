"""Limits of an offline till, its refund reasons, and the seller printed on receipts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason
from virage.matchday.food.till.settings import TillSettings
from virage.money.wallet.cards.types import CardSettings
from virage.platform.settings.config import Config
from virage.platform.values.money import Cents


class RefundReason(StrEnum):
    """DeviationReason of a refund; its code is stored in the record."""

    WRONG_ORDER = "wrong_order"
    SOLD_OUT = "sold_out"
    QUALITY = "quality"
    WAITED_TOO_LONG = "waited_too_long"
    PAID_TWICE = "paid_twice"
    GOODWILL = "goodwill"


class TillLimits(Struct, frozen=True):
    """Limits of a till. The offline limits count card payments that are not uploaded yet.

    `tap_cap_cents`: maximum of one tap. `offline_card_cents`: maximum of one card while offline. `offline_till_cents`:
    maximum of all cards while offline, and so the till's maximum loss. `ask_ms`: timeout of an online sale.
    """

    tap_cap_cents: Cents
    offline_card_cents: Cents
    offline_till_cents: Cents
    ask_ms: int


class Seller(Struct, frozen=True):
    """Seller printed on receipts; empty where not configured."""

    name: str
    address: str
    vat_number: str


def limits_of(config: Config) -> TillLimits:
    """Return the configured limits."""
    return TillLimits(
        config.of(CardSettings).tap_cap_cents,
        config.of(TillSettings).offline_card_cents,
        config.of(TillSettings).offline_till_cents,
        config.of(TillSettings).ask_ms,
    )


def seller_of(config: Config) -> Seller:
    """Return the configured seller."""
    return Seller(config.club.name, config.house_address, config.house_vat_number)


class OfflineTaking(NamedTuple):
    """Offline card payment and when it was uploaded; `card_id` None: an unknown card."""

    uploaded_at: datetime
    card_id: UUID | None
    cents: Cents


class RecordTaking(NamedTuple):
    """Offline card payments of one record by card, at the till's time."""

    at: datetime
    by_card: Mapping[UUID | None, Cents]


def limit_deviations(
    earlier: Sequence[OfflineTaking], took: Sequence[RecordTaking], limits: TillLimits
) -> list[list[Deviation]]:
    """Return where offline records of one till exceed its limits: one list per record, in the order of the records.

    A record counts everything that was not uploaded when it was written: earlier records of this upload, and payments
    uploaded after that time.
    """
    found: list[list[Deviation]] = []
    total, by_card = 0, dict[UUID | None, Cents]()
    for taking in took:
        for card_id, cents in taking.by_card.items():
            total += cents
            by_card[card_id] = by_card.get(card_id, 0) + cents
        unreported = [before for before in earlier if before.uploaded_at >= taking.at]
        of_till = total + sum(before.cents for before in unreported)
        deviations = [_limit_deviation(DeviationReason.TILL_LIMIT, of_till, limits.offline_till_cents)]
        for card_id in taking.by_card:
            if card_id is not None:
                of_card = by_card[card_id] + sum(before.cents for before in unreported if before.card_id == card_id)
                deviations.append(_limit_deviation(DeviationReason.CARD_LIMIT, of_card, limits.offline_card_cents))
        found.append([deviation for deviation in deviations if deviation is not None and taking.by_card])
    return found


def _limit_deviation(reason: DeviationReason, cents: Cents, limit: Cents) -> Deviation | None:
    return Deviation(reason, data={"cents": cents, "limit_cents": limit}) if cents > limit else None
