"""What a card carried follows it, and the books tell both histories."""

import asyncio
from typing import TYPE_CHECKING

from tests.money.wallet.conftest import NOW, waits_for_a_lock
from tests.money.wallet.ledger.books import DRAWER, books, payment, posted
from virage.money.wallet.accounts.acts import ensure_purse
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.cards import Link, Linked, Replaced, Replacement
from virage.money.wallet.funding.acts import bonus
from virage.money.wallet.funding.acts.top_ups import empty_closed, erased
from virage.money.wallet.funding.reads.purses import purse_view
from virage.money.wallet.funding.rules.gifts import Gift, Given
from virage.money.wallet.funding.rules.top_ups import Limits
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Posted, Transfer, purse
from virage.money.wallet.ledger.store import balances, history
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

LIMITS = Limits(500, 15_000, 25_000)

if TYPE_CHECKING:
    from uuid import UUID

    from tests.money.wallet.conftest import Held, Purses


async def load(purses: "Purses", purse_id: "UUID", cents: int) -> None:
    async with purses.transaction() as conn:
        transfer = Transfer(new_id(), DRAWER, purse(purse_id), cents, "top_up", purse_id)
        assert await ledger.post(conn, [[transfer]], NOW) == [Posted(cents)]


async def link(purses: "Purses", held: "Held", owner_id: "UUID") -> Linked:
    code_hash = purses.secrets.codes.hash(held.code)
    async with purses.transaction() as conn:
        wish = Link(purses.read(held.tap()), code_hash, owner_id)
        linked = await acts.link_card(
            conn, wish, purse_max_cents=LIMITS.purse_max_cents, empty_closed=empty_closed, now=NOW
        )
    assert isinstance(linked, Linked), linked
    return linked


async def test_what_an_anonymous_card_carried_follows_it_to_its_owners_purse(purses: "Purses") -> None:
    fan, held = new_id(), await purses.card()
    await load(purses, held.purse_id, 1700)
    async with purses.transaction() as conn:
        mine = await ensure_purse(conn, fan, NOW)
    await load(purses, mine.id, 300)
    linked = await link(purses, held, fan)
    assert (linked.purse_id, linked.left_purse_id) == (mine.id, held.purse_id)
    async with purses.transaction() as conn:
        view = await purse_view(conn, fan, LIMITS, now=NOW)
        left = await history(conn, held.purse_id, NOW.replace(year=2027), 10)
    assert view.available_cents == 2000
    assert {(line.cents, line.purpose) for line in view.history} == {(300, "top_up"), (1700, "card_moved")}
    assert {(row.cents, row.purpose) for row in left} == {(1700, "top_up"), (1700, "card_moved")}
    assert (await books(purses.db)).clean


async def test_no_link_brings_a_purse_over_what_it_may_hold(purses: "Purses") -> None:
    fan, full, rest, empty = new_id(), await purses.card(), await purses.card(), await purses.card()
    async with purses.transaction() as conn:
        mine = await ensure_purse(conn, fan, NOW)
    await load(purses, mine.id, 15_000)
    await load(purses, full.purse_id, 10_001)
    await load(purses, rest.purse_id, 10_000)
    code_hash = purses.secrets.codes.hash(full.code)
    async with purses.transaction() as conn:
        wish = Link(purses.read(full.tap()), code_hash, fan)
        refused = await acts.link_card(
            conn, wish, purse_max_cents=LIMITS.purse_max_cents, empty_closed=empty_closed, now=NOW
        )
    assert refused == Refused("purse_would_exceed", {"left_cents": 10_000})
    await link(purses, rest, fan)
    await link(purses, empty, fan)
    async with purses.transaction() as conn:
        assert (await purse_view(conn, fan, LIMITS, now=NOW)).available_cents == 25_000
        assert (await balances(conn, [full.purse_id]))[full.purse_id].available_cents == 10_001
    assert (await books(purses.db)).clean


async def test_a_fan_without_a_purse_gets_the_cards_with_all_that_is_in_it(purses: "Purses") -> None:
    fan, held = new_id(), await purses.card()
    await load(purses, held.purse_id, 1700)
    await link(purses, held, fan)
    async with purses.transaction() as conn:
        assert (await purse_view(conn, fan, LIMITS, now=NOW)).available_cents == 1700


async def test_a_card_that_ever_held_something_replaces_none_so_no_anonymous_purse_passes_the_laws_limit(
    purses: "Purses",
) -> None:
    lost, used, spent, given = [await purses.card() for _ in range(4)]
    await load(purses, lost.purse_id, 15_000)
    await load(purses, used.purse_id, 15_000)
    await load(purses, spent.purse_id, 700)
    assert isinstance((await posted(purses.db, [payment(spent.purse_id, 700)]))[0], Posted)
    async with purses.transaction() as conn:
        (gift,) = await bonus.give(conn, [Gift(new_id(), given.purse_id, 500, "goodwill")], NOW)
        assert isinstance(gift, Given)
    for other in (used, spent, given):
        async with purses.transaction() as conn:
            wish = Replacement(lost.id, purses.secrets.codes.hash(other.code), None)
            assert await acts.replace_card(conn, wish, NOW) == Refused("card_in_use")
    async with purses.transaction() as conn:
        found = await balances(conn, [lost.purse_id, used.purse_id])
    assert (found[lost.purse_id].balance_cents, found[used.purse_id].balance_cents) == (15_000, 15_000)


async def test_a_gift_and_a_replacement_at_once_strand_nothing(purses: "Purses") -> None:
    lost, fresh = await purses.card(), await purses.card()
    wish = Replacement(lost.id, purses.secrets.codes.hash(fresh.code), None)

    async def replaced() -> Replaced | Refused:
        async with purses.transaction() as conn:
            return await acts.replace_card(conn, wish, NOW)

    async with purses.transaction() as conn:
        await bonus.give(conn, [Gift(new_id(), fresh.purse_id, 500, "goodwill")], NOW)
        replacing = asyncio.create_task(replaced())
        await waits_for_a_lock(purses)
    assert await replacing == Refused("card_in_use")


async def test_a_gift_at_the_moment_of_a_link_follows_the_card_and_a_later_one_is_refused(purses: "Purses") -> None:
    fan, held = purses.knows("fan"), await purses.card()
    await purses.card(fan)
    async with purses.transaction() as conn:
        await bonus.give(conn, [Gift(new_id(), held.purse_id, 500, "goodwill")], NOW)
        linking = asyncio.create_task(link(purses, held, fan))
        await waits_for_a_lock(purses)
    linked = await linking
    async with purses.transaction() as conn:
        view = await purse_view(conn, fan, LIMITS, now=NOW)
        (late,) = await bonus.give(conn, [Gift(new_id(), held.purse_id, 300, "goodwill")], NOW)
    assert (linked.left_purse_id, view.bonus_cents, late) == (held.purse_id, 500, Refused("purse_frozen"))
    assert (await books(purses.db)).clean


async def test_the_card_of_somebody_erased_brings_the_next_holder_no_history_and_no_money(purses: "Purses") -> None:
    gone, held, fan = new_id(), await purses.card(), new_id()
    await link(purses, held, gone)
    async with purses.transaction() as conn:
        assert await erased(conn, gone, NOW) is None
    await load(purses, held.purse_id, 700)
    linked = await link(purses, held, fan)
    assert linked.left_purse_id == held.purse_id
    async with purses.transaction() as conn:
        view = await purse_view(conn, fan, LIMITS, now=NOW)
    assert (view.id != held.purse_id, view.balance_cents) == (True, 0)
    assert (await books(purses.db)).unclaimed_cents == 700, "a refund of before is not the next holder's"
