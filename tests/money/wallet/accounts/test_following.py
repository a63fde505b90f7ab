"""The balance of a card follows it, and the books show both histories."""

import asyncio
from typing import TYPE_CHECKING

from tests.money.wallet.conftest import NOW, waits_for_a_lock
from tests.money.wallet.ledger.books import DRAWER, books, payment, posted
from tests.zones import PARIS
from virage.money.wallet.accounts.acts import ensure_wallet
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.cards import Link, Linked, Replaced, Replacement
from virage.money.wallet.funding.acts import bonus
from virage.money.wallet.funding.acts.top_ups import empty_closed, erased
from virage.money.wallet.funding.reads.wallets import wallet_view
from virage.money.wallet.funding.rules.bonus import BonusGrant, GrantedBonus
from virage.money.wallet.funding.rules.top_ups import Limits
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Posted, Transfer, wallet_account
from virage.money.wallet.ledger.store import balances, history
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

LIMITS = Limits(500, 15_000, 25_000)

if TYPE_CHECKING:
    from uuid import UUID

    from tests.money.wallet.conftest import Held, Wallets


async def load(wallets: "Wallets", wallet_id: "UUID", cents: int) -> None:
    async with wallets.transaction() as conn:
        transfer = Transfer(new_id(), DRAWER, wallet_account(wallet_id), cents, "top_up", wallet_id)
        assert await ledger.post(conn, [[transfer]], NOW) == [Posted(cents)]


async def link(wallets: "Wallets", held: "Held", owner_id: "UUID") -> Linked:
    code_hash = wallets.secrets.codes.hash(held.code)
    async with wallets.transaction() as conn:
        wish = Link(wallets.read(held.tap()), code_hash, owner_id)
        linked = await acts.link_card(
            conn, wish, wallet_max_cents=LIMITS.wallet_max_cents, empty_closed=empty_closed, now=NOW
        )
    assert isinstance(linked, Linked), linked
    return linked


async def test_the_balance_of_an_anonymous_card_moves_to_its_owners_wallet(wallets: "Wallets") -> None:
    fan, held = new_id(), await wallets.card()
    await load(wallets, held.wallet_id, 1700)
    async with wallets.transaction() as conn:
        mine = await ensure_wallet(conn, fan, NOW)
    await load(wallets, mine.id, 300)
    linked = await link(wallets, held, fan)
    assert (linked.wallet_id, linked.left_wallet_id) == (mine.id, held.wallet_id)
    async with wallets.transaction() as conn:
        view = await wallet_view(conn, fan, LIMITS, zone=PARIS, now=NOW)
        left = await history(conn, held.wallet_id, NOW.replace(year=2027), 10)
    assert view.available_cents == 2000
    assert {(line.cents, line.purpose) for line in view.history} == {(300, "top_up"), (1700, "card_moved")}
    assert {(row.cents, row.purpose) for row in left} == {(1700, "top_up"), (1700, "card_moved")}
    assert (await books(wallets.db)).clean


async def test_no_link_exceeds_the_maximum_of_a_wallet(wallets: "Wallets") -> None:
    fan, full, rest, empty = new_id(), await wallets.card(), await wallets.card(), await wallets.card()
    async with wallets.transaction() as conn:
        mine = await ensure_wallet(conn, fan, NOW)
    await load(wallets, mine.id, 15_000)
    await load(wallets, full.wallet_id, 10_001)
    await load(wallets, rest.wallet_id, 10_000)
    code_hash = wallets.secrets.codes.hash(full.code)
    async with wallets.transaction() as conn:
        wish = Link(wallets.read(full.tap()), code_hash, fan)
        refused = await acts.link_card(
            conn, wish, wallet_max_cents=LIMITS.wallet_max_cents, empty_closed=empty_closed, now=NOW
        )
    assert refused == Refused("wallet_would_exceed", {"left_cents": 10_000})
    await link(wallets, rest, fan)
    await link(wallets, empty, fan)
    async with wallets.transaction() as conn:
        assert (await wallet_view(conn, fan, LIMITS, zone=PARIS, now=NOW)).available_cents == 25_000
        assert (await balances(conn, [full.wallet_id]))[full.wallet_id].available_cents == 10_001
    assert (await books(wallets.db)).clean


async def test_a_fan_without_a_wallet_gets_the_wallet_of_the_linked_card(wallets: "Wallets") -> None:
    fan, held = new_id(), await wallets.card()
    await load(wallets, held.wallet_id, 1700)
    await link(wallets, held, fan)
    async with wallets.transaction() as conn:
        assert (await wallet_view(conn, fan, LIMITS, zone=PARIS, now=NOW)).available_cents == 1700


async def test_a_used_card_is_no_replacement_so_anonymous_wallets_keep_the_legal_limit(
    wallets: "Wallets",
) -> None:
    lost, used, spent, given = [await wallets.card() for _ in range(4)]
    await load(wallets, lost.wallet_id, 15_000)
    await load(wallets, used.wallet_id, 15_000)
    await load(wallets, spent.wallet_id, 700)
    assert isinstance((await posted(wallets.db, [payment(spent.wallet_id, 700)]))[0], Posted)
    async with wallets.transaction() as conn:
        (gift,) = await bonus.give(conn, [BonusGrant(new_id(), given.wallet_id, 500, "goodwill")], NOW)
        assert isinstance(gift, GrantedBonus)
    for other in (used, spent, given):
        async with wallets.transaction() as conn:
            wish = Replacement(lost.id, wallets.secrets.codes.hash(other.code), None)
            assert await acts.replace_card(conn, wish, zone=PARIS, now=NOW) == Refused("card_in_use")
    async with wallets.transaction() as conn:
        found = await balances(conn, [lost.wallet_id, used.wallet_id])
    assert (found[lost.wallet_id].balance_cents, found[used.wallet_id].balance_cents) == (15_000, 15_000)


async def test_a_concurrent_bonus_and_replacement_lose_no_money(wallets: "Wallets") -> None:
    lost, fresh = await wallets.card(), await wallets.card()
    wish = Replacement(lost.id, wallets.secrets.codes.hash(fresh.code), None)

    async def replaced() -> Replaced | Refused:
        async with wallets.transaction() as conn:
            return await acts.replace_card(conn, wish, zone=PARIS, now=NOW)

    async with wallets.transaction() as conn:
        await bonus.give(conn, [BonusGrant(new_id(), fresh.wallet_id, 500, "goodwill")], NOW)
        replacing = asyncio.create_task(replaced())
        await waits_for_a_lock(wallets)
    assert await replacing == Refused("card_in_use")


async def test_a_bonus_granted_during_a_link_follows_the_card_and_a_later_one_is_refused(wallets: "Wallets") -> None:
    fan, held = wallets.knows("fan"), await wallets.card()
    await wallets.card(fan)
    async with wallets.transaction() as conn:
        await bonus.give(conn, [BonusGrant(new_id(), held.wallet_id, 500, "goodwill")], NOW)
        linking = asyncio.create_task(link(wallets, held, fan))
        await waits_for_a_lock(wallets)
    linked = await linking
    async with wallets.transaction() as conn:
        view = await wallet_view(conn, fan, LIMITS, zone=PARIS, now=NOW)
        (late,) = await bonus.give(conn, [BonusGrant(new_id(), held.wallet_id, 300, "goodwill")], NOW)
    assert (linked.left_wallet_id, view.bonus_cents, late) == (held.wallet_id, 500, Refused("wallet_frozen"))
    assert (await books(wallets.db)).clean


async def test_a_card_of_an_erased_person_has_no_history_and_no_money(wallets: "Wallets") -> None:
    gone, held, fan = new_id(), await wallets.card(), new_id()
    await link(wallets, held, gone)
    async with wallets.transaction() as conn:
        assert await erased(conn, gone, NOW) is None
    await load(wallets, held.wallet_id, 700)
    linked = await link(wallets, held, fan)
    assert linked.left_wallet_id == held.wallet_id
    async with wallets.transaction() as conn:
        view = await wallet_view(conn, fan, LIMITS, zone=PARIS, now=NOW)
    assert (view.id != held.wallet_id, view.balance_cents) == (True, 0)
    assert (await books(wallets.db)).unclaimed_cents == 700, "an earlier refund does not belong to the next holder"
