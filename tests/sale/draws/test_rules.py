"""Rules of draws: order, allocation, offers, quotas and entries."""

from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sale.draws.files import Published, a_draw, code
from virage.sale.draws.rules.allocation import Room, allocate, offers
from virage.sale.draws.rules.files import (
    NO_CATEGORY,
    ORDER_TAG,
    DrawnEntry,
    Quota,
    in_order,
    read_entries,
    read_results,
)
from virage.sale.draws.rules.terms import needs_of
from virage.sale.ticketing.types import Party

Drawn = tuple[list[Quota], list[DrawnEntry]]


@given(a_draw())
def test_no_quota_is_exceeded_and_no_group_is_split(drawn: Drawn) -> None:
    quotas, entries = drawn
    given_to = allocate(entries, Room((one.places for one in quotas), (one.spaces for one in quotas)))
    for at, quota in enumerate(quotas):
        winners = [entry for entry, category in zip(entries, given_to, strict=True) if category == at]
        assert sum(entry.places for entry in winners) <= quota.places
        assert sum(entry.spaces for entry in winners) <= quota.spaces
    assert all(
        category == NO_CATEGORY or category in entry.wishes for entry, category in zip(entries, given_to, strict=True)
    )


@given(a_draw())
def test_an_entry_loses_only_if_no_wish_had_room_at_its_turn_and_else_gets_the_first_that_had(drawn: Drawn) -> None:
    quotas, entries = drawn
    places, spaces = [one.places for one in quotas], [one.spaces for one in quotas]
    given_to = allocate(entries, Room(places, spaces))
    for entry, category in zip(entries, given_to, strict=True):
        fitting = [w for w in entry.wishes if places[w] >= entry.places and spaces[w] >= entry.spaces]
        assert category == (fitting[0] if fitting else NO_CATEGORY)
        if fitting:
            places[category] -= entry.places
            spaces[category] -= entry.spaces


@given(a_draw(), st.randoms())
def test_the_result_does_not_depend_on_the_order_in_which_people_entered(drawn: Drawn, random: Any) -> None:
    quotas, entries = drawn
    shuffled = list(entries)
    random.shuffle(shuffled)
    first, second = Published(quotas, entries), Published(quotas, shuffled)
    assert (first.entries, first.results) == (second.entries, second.results)


@given(a_draw())
def test_the_published_files_are_read_as_they_were_written(drawn: Drawn) -> None:
    published = Published(*drawn)
    assert read_entries(published.entries) == sorted(drawn[1], key=lambda entry: entry.code)
    assert read_results(published.results) == [
        (entry.code, category) for entry, category in zip(published.drawn, published.given, strict=True)
    ]


def test_the_order_follows_the_sha_256_of_tag_seed_value_entries_and_code() -> None:
    entries = [DrawnEntry(code(number), 1, 0, [0]) for number in range(20)]
    seed, digest, value = b"s" * 32, b"d" * 32, "7 12 é"
    before = ORDER_TAG + seed + (7).to_bytes(4, "big") + value.encode() + digest
    keys = [sha256(before + entry.code.encode()).digest() for entry in in_order(entries, seed, value, digest)]
    assert all(first < second for first, second in pairwise(keys))


@pytest.mark.parametrize(
    ("seed", "value", "digest"),
    [
        (b"t" * 32, "7", b"d" * 32),
        (b"s" * 32, "8", b"d" * 32),
        (b"s" * 32, None, b"d" * 32),
        (b"s" * 32, "7", b"e" * 32),
    ],
)
def test_another_seed_public_value_or_list_of_entries_is_another_order(
    seed: bytes, value: str | None, digest: bytes
) -> None:
    entries = [DrawnEntry(code(number), 1, 0, [0]) for number in range(40)]
    assert in_order(entries, b"s" * 32, "7", b"d" * 32) != in_order(entries, seed, value, digest)


def test_places_of_others_never_use_up_wheelchair_spaces() -> None:
    entries = [DrawnEntry("A", 4, 0, [0]), DrawnEntry("B", 1, 0, [0]), DrawnEntry("C", 0, 1, [0])]
    assert allocate(entries, Room([4], [1])) == [0, NO_CATEGORY, 0]


@given(a_draw(), st.integers(0, 5))
def test_what_returns_goes_to_the_first_of_the_waiting_order_that_it_fits(drawn: Drawn, released: int) -> None:
    quotas, entries = drawn
    room = Room((one.places for one in quotas), (one.spaces for one in quotas))
    given_to = allocate(entries, room)
    waiting = [entry for entry, category in zip(entries, given_to, strict=True) if category == NO_CATEGORY]
    winners = [(e, c) for e, c in zip(entries, given_to, strict=True) if c != NO_CATEGORY][:released]
    for entry, category in winners:
        room.take_back(entry, category)
    places, spaces = list(room.places), list(room.spaces)
    offered = {entry.code: category for entry, category in offers(waiting, room)}
    for entry in waiting:
        fitting = [w for w in entry.wishes if places[w] >= entry.places and spaces[w] >= entry.spaces]
        assert offered.get(entry.code) == (fitting[0] if fitting else None)
        if fitting:
            places[fitting[0]] -= entry.places
            spaces[fitting[0]] -= entry.spaces
    assert (room.places, room.spaces) == (places, spaces)


@pytest.mark.parametrize(
    ("party", "wheelchair", "needs"),
    [
        (Party(full=2, child=1), False, (3, 0)),
        (Party(access=1), True, (0, 1)),
        (Party(full=1, access=1), True, (1, 1)),
        (Party(access=1, companions=0, reduced=2), True, (2, 1)),
        (Party(access=1), False, (2, 0)),
    ],
)
def test_a_wheelchair_space_brings_its_companion_seat_and_the_others_need_ordinary_places(
    party: Party, *, wheelchair: bool, needs: tuple[int, int]
) -> None:
    assert needs_of(party, wheelchair=wheelchair) == needs
