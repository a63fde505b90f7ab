"""What a till may do by itself: how much it takes from cards without asking, and why it gives money back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules.deviations import Deviation, Reason
from virage.matchday.food.till.settings import TillSettings
from virage.money.wallet.cards.types import CardSettings
from virage.platform.settings.config import Config
from virage.platform.values.money import Cents


class RefundReason(StrEnum):
    """Why a sale is given back; the code stands in the record."""

    WRONG_ORDER = "wrong_order"
    SOLD_OUT = "sold_out"
    QUALITY = "quality"
    WAITED_TOO_LONG = "waited_too_long"
    PAID_TWICE = "paid_twice"
    GOODWILL = "goodwill"


class TillLimits(Struct, frozen=True):
    """What a till decides alone. The offline limits count what it has taken from cards and not told yet.

    `tap_cap_cents` is what one tap pays at most, `offline_card_cents` what one card does without network, and
    `offline_till_cents` what all cards together do: the most that one till may lose. `ask_ms` is how long a till waits
    for an answer.
    """

    tap_cap_cents: Cents
    offline_card_cents: Cents
    offline_till_cents: Cents
    ask_ms: int


class House(Struct, frozen=True):
    """Who sells, as it stands on receipts; empty where nobody has said it."""

    name: str
    address: str
    vat_number: str


def limits_of(config: Config) -> TillLimits:
    """The limits that are configured."""
    return TillLimits(
        config.of(CardSettings).tap_cap_cents,
        config.of(TillSettings).offline_card_cents,
        config.of(TillSettings).offline_till_cents,
        config.of(TillSettings).ask_ms,
    )


def house_of(config: Config) -> House:
    """The house that is configured."""
    return House(config.club.name, config.house_address, config.house_vat_number)


class Alone(NamedTuple):
    """What a till took from a card without having asked, and when it was told; `card_id` None: from no card of ours."""

    told_at: datetime
    card_id: UUID | None
    cents: Cents


class Took(NamedTuple):
    """What a record that is told took from cards, by card, and when by the till's clock."""

    at: datetime
    by_card: Mapping[UUID | None, Cents]


def beyond(earlier: Sequence[Alone], took: Sequence[Took], limits: TillLimits) -> list[list[Deviation]]:
    """What records of one till, told together and in their order, took beyond its limits; a list a record.

    What was not told yet when a record was written counts: what came with it before, and what the server heard later
    than that.
    """
    found: list[list[Deviation]] = []
    total, by_card = 0, dict[UUID | None, Cents]()
    for one in took:
        for card_id, cents in one.by_card.items():
            total += cents
            by_card[card_id] = by_card.get(card_id, 0) + cents
        untold = [before for before in earlier if before.told_at >= one.at]
        of_till = total + sum(before.cents for before in untold)
        deviations = [_beyond(Reason.TILL_LIMIT, of_till, limits.offline_till_cents)]
        for card_id in one.by_card:
            if card_id is not None:
                of_card = by_card[card_id] + sum(before.cents for before in untold if before.card_id == card_id)
                deviations.append(_beyond(Reason.CARD_LIMIT, of_card, limits.offline_card_cents))
        found.append([deviation for deviation in deviations if deviation is not None and one.by_card])
    return found


def _beyond(reason: Reason, cents: Cents, limit: Cents) -> Deviation | None:
    return Deviation(reason, data={"cents": cents, "limit_cents": limit}) if cents > limit else None
