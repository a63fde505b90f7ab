"""A tap counts once: from any sender, however often, in any order, at any number of tills."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.money.wallet.conftest import NOW, waits_for_a_lock
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.taps import take_taps
from virage.money.wallet.cards.rules.cards import BlockReason, Card, Tap, TapOutcome, TapTaken, judge_taps
from virage.money.wallet.cards.rules.sun import CardKeys, Seen
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Held, Wallets

UID = bytes.fromhex("04DE5F1EACC040")


def reasons(outcomes: Sequence[TapOutcome]) -> list[str]:
    return [outcome.reason if isinstance(outcome, Refused) else "taken" for outcome in outcomes]


def a_card(counter: int = 0) -> Card:
    return Card(new_id(), UID, new_id(), 1, counter, None, None, None, NOW, None, None, None, None)


@given(
    counters=st.lists(st.integers(0, 6), max_size=12),
    ids=st.lists(st.sampled_from([new_id() for _ in range(6)]), min_size=12, max_size=12),
    last=st.integers(0, 3),
)
def test_a_counter_counts_once_and_only_rises(counters: list[int], ids: list[UUID], last: int) -> None:
    card = a_card(last)
    taps = [Tap(tap_id, Seen(UID, counter)) for tap_id, counter in zip(ids, counters, strict=False)]
    outcomes = judge_taps(taps, {}, {UID: card}, NOW)
    taken = {outcome.tap_id: outcome for outcome in outcomes if isinstance(outcome, TapTaken)}
    assert len({outcome.counter for outcome in taken.values()}) == len(taken)
    assert all(outcome.counter > last for outcome in taken.values())
    for tap, outcome in zip(taps, outcomes, strict=True):
        assert tap.seen is not None
        if isinstance(outcome, TapTaken):
            assert (outcome.tap_id, outcome.counter) == (tap.id, tap.seen.counter)
        else:
            assert outcome.reason in ("tap_replayed", "id_reused")
    new = {tap.seen.counter for tap in taps if tap.seen is not None and tap.seen.counter > last}
    if len(set(ids[: len(taps)])) == len(taps):
        assert {outcome.counter for outcome in taken.values()} == new, "one tap counts for each new counter"
    again = judge_taps(taps, taken, {UID: replace(card, counter=6)}, NOW)
    for before, now in zip(outcomes, again, strict=True):
        assert now == before or isinstance(before, Refused)


async def test_a_tap_is_taken_once_with_its_card_and_wallet_and_no_chips_number(wallets: "Wallets") -> None:
    held = await wallets.card()
    taken = await wallets.taken(held)
    assert (taken.card_id, taken.wallet_id, taken.counter) == (held.id, held.wallet_id, 1)
    (card,) = await wallets.rows("select counter from wallet_cards.card")
    assert card["counter"] == 1


async def test_the_same_id_again_gets_the_same_answer_and_has_no_second_effect(wallets: "Wallets") -> None:
    held = await wallets.card()
    tap = wallets.read(held.tap())
    first = await wallets.take(tap)
    later = await wallets.taken(held)
    assert later.counter == 2
    await block(wallets, held)
    assert await wallets.take(tap, tap) == first * 2, "even if the card was blocked meanwhile"
    (row,) = await wallets.rows("select count(*) as n from wallet_cards.tap")
    assert row["n"] == 2


async def test_a_tap_twice_in_a_batch_counts_once(wallets: "Wallets") -> None:
    held = await wallets.card()
    tap = wallets.read(held.tap())
    first, second = await wallets.take(tap, tap)
    assert first == second
    assert reasons([first]) == ["taken"]
    message = held.tap()
    assert reasons(await wallets.take(wallets.read(message), wallets.read(message))) == ["taken", "tap_replayed"]


async def test_a_rolled_back_counter_is_refused_and_recorded(wallets: "Wallets") -> None:
    held = await wallets.card()
    old = held.chip.mirrored(3)
    held.chip.counter = 6
    await wallets.taken(held)
    assert reasons(await wallets.take(wallets.read(old))) == ["tap_replayed"]
    (fact,) = await wallets.facts("tap_replayed")
    assert (fact["about"], fact["data"]) == (held.id, {"counter": 3, "last": 7})


async def test_a_replayed_tap_is_refused_at_the_second_till_and_recorded_once_until_the_next_tap(
    wallets: "Wallets",
) -> None:
    held = await wallets.card()
    message = held.tap()
    clone = wallets.read(message)
    await wallets.take(wallets.read(message))
    for _ in range(3):
        assert reasons(await wallets.take(clone)) == ["tap_replayed"]
    assert len(await wallets.facts("tap_replayed")) == 1, "repeated taps do not fill the journal"
    await wallets.taken(held)
    await wallets.take(clone)
    assert len(await wallets.facts("tap_replayed")) == 2


async def test_taps_of_a_batch_are_ordered_by_counter_not_by_arrival(wallets: "Wallets") -> None:
    held = await wallets.card()
    first, second = wallets.read(held.tap()), wallets.read(held.tap())
    assert reasons(await wallets.take(second, first)) == ["taken", "taken"]


async def test_foreign_taps_are_forged_and_unregistered_chips_unknown(wallets: "Wallets") -> None:
    known, unknown = await wallets.card(), wallets.chip()
    forged = type(known.chip)(CardKeys(bytes(16)), known.chip.uid).tap()
    taps = (wallets.read(forged), wallets.read(unknown.tap()), wallets.read(known.tap()))
    assert reasons(await wallets.take(*taps)) == ["tap_forged", "card_unknown", "taken"]


async def test_a_refused_tap_changes_nothing(wallets: "Wallets") -> None:
    held = await wallets.card()
    await block(wallets, held)
    before = await wallets.rows("select counter from wallet_cards.card"), await wallets.facts()
    assert reasons(await wallets.take(wallets.read(held.tap()))) == ["card_blocked"]
    assert (await wallets.rows("select counter from wallet_cards.card"), await wallets.facts()) == before
    assert await wallets.rows("select 1 from wallet_cards.tap") == []


async def test_an_id_that_was_another_taps_is_refused(wallets: "Wallets") -> None:
    held, other = await wallets.card(), await wallets.card()
    taken = await wallets.taken(held)
    outcomes = await wallets.take(wallets.read(other.tap(), taken.tap_id), wallets.read(held.tap(), taken.tap_id))
    assert reasons(outcomes) == ["id_reused", "id_reused"]


async def test_the_same_tap_in_two_processes_is_accepted_once(wallets: "Wallets", database_url: str) -> None:
    held = await wallets.card()
    message = held.tap()
    other = await Database.open(database_url)
    try:
        async with wallets.db.transaction() as here:
            (first,) = await take_taps(here, [wallets.read(message)], NOW)
            racing = asyncio.create_task(_take(other, wallets.read(message)))
            await waits_for_a_lock(wallets)
        assert reasons([first, await racing]) == ["taken", "tap_replayed"]
    finally:
        await other.close()


async def test_the_same_request_in_two_processes_at_once_gets_the_same_answer(
    wallets: "Wallets", database_url: str
) -> None:
    held = await wallets.card()
    tap = wallets.read(held.tap())
    other = await Database.open(database_url)
    try:
        async with wallets.db.transaction() as here:
            (first,) = await take_taps(here, [tap], NOW)
            racing = asyncio.create_task(_take(other, tap))
            await waits_for_a_lock(wallets)
        assert await racing == first
    finally:
        await other.close()


async def test_batches_with_cards_in_opposite_orders_do_not_deadlock(
    wallets: "Wallets",
) -> None:
    cards = [await wallets.card() for _ in range(8)]
    batches = [[wallets.read(held.tap()) for held in cards] for _ in range(6)]
    outcomes = await asyncio.gather(
        *(wallets.take(*(reversed(batch) if at % 2 else batch)) for at, batch in enumerate(batches))
    )
    assert sum(reasons(batch).count("taken") for batch in outcomes) >= len(cards)
    last = await wallets.rows("select counter from wallet_cards.card")
    assert {row["counter"] for row in last} == {6}


async def _take(db: Database, tap: Tap) -> TapOutcome:
    async with db.transaction() as conn:
        (outcome,) = await take_taps(conn, [tap], NOW)
    return outcome


async def block(wallets: "Wallets", held: "Held", reason: BlockReason = BlockReason.LOST) -> None:
    async with wallets.transaction() as conn:
        assert await acts.block_cards(conn, [acts.Block(held.id, reason, None)], NOW) == [None]


@pytest.mark.parametrize("reason", [BlockReason.LOST, BlockReason.FRAUD])
async def test_a_blocked_card_is_refused_and_says_why(wallets: "Wallets", reason: BlockReason) -> None:
    held = await wallets.card()
    await block(wallets, held, reason)
    (outcome,) = await wallets.take(wallets.read(held.tap()))
    assert outcome == Refused("card_blocked", {"card_id": held.id, "reason": reason})
