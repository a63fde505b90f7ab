"""Rules of instalments: how the events of a subscription are divided into parts, and when each is paid."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents
from virage.sale.ticketing.types import Order
from virage.site.programme.types import Event

GRACE: Final = timedelta(days=7)
"""How long after its date an instalment can be paid; then its orders end."""
MARGIN: Final = timedelta(days=1)
"""How long before the first event of an instalment that end is at least."""
TRIES_MAX: Final = 2
"""How often a card is charged for an instalment."""


class NotCharged(StrEnum):
    """Why the card of an instalment is not charged, beside the reasons of a bank."""

    NO_CARD = "no_card"
    DISPUTED = "disputed"
    ORGANISERS_ACCOUNT = "organisers_account"


class PartEvent(Struct, frozen=True):
    """An order of a subscription, with the start of its event."""

    order_id: UUID
    event_id: UUID
    starts_at: datetime
    cents: Cents


class Part(Struct, frozen=True):
    """Events that are paid together on `due_at`, at the latest `until`; both are None for the first part, paid now."""

    number: int
    events: list[PartEvent]
    due_at: datetime | None = None
    until: datetime | None = None

    @property
    def cents(self) -> Cents:
        """Return what the part costs."""
        return sum(event.cents for event in self.events)


def part_id(subscription_id: UUID, number: int) -> UUID:
    """Return the id of a part, from 1. It is the same one after another choice, so that late money finds its orders."""
    return named_id(subscription_id, f"part {number}")


def part_events(orders: Sequence[Order], events: Mapping[UUID, Event]) -> list[PartEvent]:
    """Return the orders of a subscription as they are divided."""
    return [PartEvent(one.id, one.event_id, events[one.event_id].starts_at, one.total_cents) for one in orders]


def divide(events: Sequence[PartEvent], wanted: int, days: int, now: datetime) -> list[Part]:
    """Divide a subscription into at most `wanted` parts that are paid `days` apart, the first one now.

    A part is whole events in the order of their start, ends a margin before the first of them, and costs something. Of
    all divisions into as many parts as possible, the one with the most equal amounts is chosen: the smallest sum of
    squares, then the earliest cuts.
    """
    ordered = sorted(events, key=lambda event: (event.starts_at, event.order_id))
    sums = [0]
    for event in ordered:
        sums.append(sums[-1] + event.cents)
    # best[k][end]: the least sum of squares of k parts that cover the events before `end`, with the cuts between them
    best: list[dict[int, tuple[int, tuple[int, ...]]]] = [{0: (0, ())}]
    for number in range(1, min(wanted, len(ordered)) + 1):
        ends_at = now + timedelta(days=days * (number - 1)) + GRACE + MARGIN
        reached: dict[int, tuple[int, tuple[int, ...]]] = {}
        for start, (squares, cuts) in best[-1].items():
            if number > 1 and (start == len(ordered) or ordered[start].starts_at < ends_at):
                continue
            for end in range(start + 1, len(ordered) + 1):
                cents = sums[end] - sums[start]
                found = (squares + cents * cents, (*cuts, end))
                if cents and (end not in reached or found < reached[end]):
                    reached[end] = found
        best.append(reached)
    chosen = next((row[len(ordered)][1] for row in reversed(best) if len(ordered) in row), (len(ordered),))
    parts = []
    for index, (start, end) in enumerate(zip((0, *chosen[:-1]), chosen, strict=True)):
        due_at = now + timedelta(days=days * index) if index else None
        parts.append(Part(index + 1, ordered[start:end], due_at, None if due_at is None else due_at + GRACE))
    return parts
