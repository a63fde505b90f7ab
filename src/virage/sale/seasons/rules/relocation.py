"""The relocation round: its order, and the wish that each renewal gets. Deterministic for a seed."""

from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
from msgspec import Struct

from virage.platform.values.refusals import Refused
from virage.sale.seasons.rules.terms import Answer
from virage.sale.ticketing.types import (
    Assigned,
    BestSeats,
    OpenSale,
    SeatNeed,
    SeatWish,
    free_everywhere,
    may_help,
    places_at,
    search_for,
    wished_seats,
)


class Seeker(Struct, frozen=True):
    """A renewal with wishes. `seats` are its places at each event, in the order of the events.

    `wheelchairs` of its people need a wheelchair space, and `needs` are features that a seat must have.
    """

    id: UUID
    years: int
    wishes: list[SeatWish]
    seats: list[list[Assigned]]
    wheelchairs: int = 0
    needs: list[SeatNeed] = []


class Outcome(Struct, frozen=True):
    """What the round gives a renewal: its number in the order, answers to its wishes, and places at the first event.

    `turn` is the place in the order in which seats are given: each renewal may need those that one before it left.
    `places` None: it keeps its own.
    """

    id: UUID
    number: int
    turn: int
    answers: list[Answer]
    places: list[Assigned] | None


class _Best(Random):
    """Always the first of the candidates, so that the same seats are found again."""

    def randrange(self, start: int, *_: Any) -> int:  # noqa: ARG002 - the form of the base class
        return 0

    def choice(self, seq: Any) -> Any:
        return seq[0]


def in_order(seekers: Sequence[Seeker], seed: bytes) -> list[Seeker]:
    """Return renewals in the order of the round: by years held, then by a keyed hash of their id."""
    return sorted(seekers, key=lambda one: (-one.years, blake2b(one.id.bytes, key=seed, digest_size=16).digest()))


def relocate(sales: Sequence[OpenSale], seekers: Sequence[Seeker], seed: bytes) -> list[Outcome]:
    """Return what each renewal gets, in the order of the round; the inventory of the first sale is used up.

    `sales` are the events, all at one venue, as loaded for this computation alone. Each renewal in turn gets the first
    of its wishes for which adjacent seats are free at every event. Its old seats are free for those after it, where
    they are free at every event once it has left.

    Parties with needs have their turns before all others, because any party could take their seats. If they get none,
    they have another turn whenever seats are left that may help, so that no party without the need gets them first.
    """
    first = sales[0]
    inventory = first.inventory
    inventory.random = _Best()
    inventory.hold(np.flatnonzero(inventory.free() & ~free_everywhere(sales)).tolist())
    order = in_order(seekers, seed)
    numbers = {one.id: number for number, one in enumerate(order, 1)}
    asked = {one.id: search_for(first.venue, one.seats[0], one.wheelchairs, one.needs) for one in order}
    queue = deque(sorted(order, key=lambda one: not asked[one.id].needs))
    waiting: dict[UUID, Seeker] = {}
    outcomes: dict[UUID, Outcome] = {}
    turn = 0
    while queue:
        seeker = queue.popleft()
        turn += 1
        answers, places = _first_met(first, asked[seeker.id], seeker.wishes)
        outcomes[seeker.id] = Outcome(seeker.id, numbers[seeker.id], turn, answers, places)
        if places is not None:
            inventory.hold([one.place for one in places])
            left = inventory.release(_left(sales, seeker))
            again = [one for one in waiting.values() if may_help(first, asked[one.id], left)]
            for one in sorted(again, key=lambda one: numbers[one.id], reverse=True):
                queue.appendleft(waiting.pop(one.id))
        elif asked[seeker.id].needs:
            waiting[seeker.id] = seeker
    return [outcomes[one.id] for one in order]


def _first_met(
    sale: OpenSale, asked: BestSeats, wishes: Sequence[SeatWish]
) -> tuple[list[Answer], list[Assigned] | None]:
    """Return the answers to wishes, and seats for the first that can be met."""
    answers: list[Answer] = []
    places: list[Assigned] | None = None
    for wish in wishes:
        if places is not None:
            answers.append("not_needed")
            continue
        found = wished_seats(sale, asked, wish)
        answers.append("no_seats" if isinstance(found, Refused) else "met")
        places = None if isinstance(found, Refused) else found
    return answers, places


def _left(sales: Sequence[OpenSale], seeker: Seeker) -> list[int]:
    """Return the places of the first event that are free at every event once a renewal leaves its seats."""
    left = [one.place for one in seeker.seats[0]]
    for sale, seats in zip(sales[1:], seeker.seats[1:], strict=True):
        own = {one.place for one in seats}
        there = places_at(sales[0].venue, sale, left)
        left = [place for place, same in zip(left, there, strict=True) if same in own or sale.inventory.is_free(same)]
    return left
