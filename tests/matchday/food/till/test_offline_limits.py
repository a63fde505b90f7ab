"""Packs, cards and offline limits of tills, and the operator's losses."""

import asyncio
import gzip
import random
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.matchday.food.menu.board import BEER, HERE, HOUR, THERE, both
from tests.matchday.food.till.bar import LIMITS, ROUND, ROUND_CENTS, Bar, by_card, sent
from tests.money.fiscal.till import NOW, Till
from virage.identity.people import acts as people
from virage.identity.people.rules.pins import verifier_of
from virage.identity.people.store import pins
from virage.matchday.food.menu.acts import alcohol_permits
from virage.matchday.food.menu.rules.alcohol import AlcoholPermitRequest
from virage.matchday.food.menu.store.catalogue import Publication
from virage.matchday.food.orders.acts.kitchen import set_capacity
from virage.matchday.food.orders.rules.orders import KitchenCapacity
from virage.matchday.food.till.reads.deviations import deviations
from virage.matchday.food.till.reads.tills import TillPack
from virage.matchday.food.till.rules.booking import Part, pay_part
from virage.matchday.food.till.rules.limits import OfflineTaking, RecordTaking, TillLimits, limit_deviations
from virage.money.fiscal.rules.record import Kind
from virage.money.wallet.cards.acts import cards
from virage.money.wallet.cards.acts.cards import Block
from virage.money.wallet.cards.reads.card_news import CardNews, TillCards
from virage.money.wallet.cards.rules.cards import BlockReason
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant, Principal
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent

if TYPE_CHECKING:
    from tests.matchday.food.conftest import Counters
    from virage.identity.keys.rules.vault import KeyVault

SECOND = timedelta(seconds=1)


# --- the pack --------------------------------------------------------------------------------------------------------


async def a_till(counters: "Counters", name: str = "till") -> Till:
    """Return a paired till with a signed-in device."""
    till = Till()
    async with counters.db.transaction() as conn:
        await till.pair(conn)
    grants = (Grant("till", "outlet", HERE),)
    counters.principals[sha256(name.encode()).digest()] = Principal("device", till.id, None, grants)
    return till


async def test_a_pack_has_all_that_a_till_needs_to_work_offline(counters: "Counters", board: Publication) -> None:
    till = await a_till(counters)
    event = NewEvent(
        id=new_id(),
        organiser_id=counters.club,
        kind="match",
        title=both("Match"),
        doors_at=NOW + HOUR,
        starts_at=NOW + 3 * HOUR,
        ends_at=NOW + 5 * HOUR,
        sale_opens_at=NOW - HOUR,
        sale_closes_at=NOW + 3 * HOUR,
        rules=EventRules(alcohol=True),
    )
    allowed = AlcoholPermitRequest(new_id(), counters.club, NOW, NOW + 6 * HOUR, "2026-17")
    async with counters.db.transaction() as conn:
        await programme.create(conn, event, None, NOW)
        assert not isinstance(await programme.publish(conn, event.id, None, NOW), Refused)
        assert not isinstance(await alcohol_permits.enter(conn, allowed, None, NOW), Refused)
    async with counters.db.transaction() as conn:
        cashier = await people.ensure_staff(
            conn, "c@example.org", "A cashier", (Grant("cashier", "outlet", HERE),), NOW
        )
        await pins.put_pin(conn, cashier, verifier_of("482913", bytes(16), 1_000), NOW)
    answer = await counters.ask("till", "GET", "/api/till/pack")
    pack = msgspec.json.decode(answer.content, type=TillPack)
    assert (pack.now, pack.till.id, [outlet.code for outlet in pack.outlets]) == (NOW, till.id, [HERE])
    catalogue = pack.outlets[0].catalogue
    assert catalogue is not None
    assert (catalogue.version, BEER.id in {one.item.id for one in catalogue.items}) == (board.version, True)
    assert [(one.event_id, one.alcohol) for one in pack.events] == [(event.id, True)]
    assert [one.id for one in pack.permits] == [allowed.id]
    assert [(one.id, one.name) for one in pack.roster] == [(cashier, "A cashier")]
    assert (pack.limits.tap_cap_cents, pack.head.number, pack.training_head.number) == (5_000, 0, 0)
    assert (pack.seller.name, "wrong_order" in pack.refund_reasons) == ("Virage Football Club", True)


async def test_a_pack_is_sent_again_only_when_its_content_changes(
    counters: "Counters", board: Publication, clock: Any
) -> None:
    till = await a_till(counters)
    assert board.version
    first = await counters.ask("till", "GET", "/api/till/pack")
    clock.advance(HOUR)
    written = till.write(lines=ROUND)
    upload = {"records": [{"body": one.body, "signature": one.signature, "told": True} for one in [sent(written)]]}
    assert (await counters.ask("till", "POST", "/api/till/records", upload)).json()["answers"][0]["outcome"] == "booked"
    tag = {"if-none-match": first.headers["etag"]}
    again = await counters.ask("till", "GET", "/api/till/pack", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    lost = await counters.ask("till", "GET", "/api/till/pack")
    assert lost.json()["head"] == {"number": 1, "hash": written.hash}, (
        "a till that lost its storage continues from this head"
    )
    async with counters.db.connection() as conn:
        await conn.execute("update people.device set name = 'Bar 2' where id = $1", till.id)
    assert (await counters.ask("till", "GET", "/api/till/pack", headers=tag)).json()["till"]["name"] == "Bar 2"


# --- the cards -------------------------------------------------------------------------------------------------------


async def test_a_till_receives_all_cards_and_then_the_changed_ones(bar: Bar) -> None:
    till, fans = await bar.till(), [await bar.fan(3000) for _ in range(3)]
    news = [CardNews(bar.db, kept_s=0) for _ in range(2)]

    async def ask(process: int, position: str | None) -> TillCards:
        return msgspec.json.decode(await news[process].since(position), type=TillCards)

    first = await ask(0, None)
    uids = [fan.chip.uid.hex().upper() for fan in fans]
    assert (first.all, sorted(first.cards)) == (True, [(uid, 0, False) for uid in sorted(uids)])
    await bar.sell_online(till, by_card(ROUND_CENTS, fans[0].tap(7)))
    async with bar.db.transaction() as conn:
        await cards.block_cards(conn, [Block(fans[1].card_id, BlockReason.LOST, None)], NOW)
    for process in (0, 1):  # a position means the same at every process
        second = await ask(process, first.position)
        assert (second.all, sorted(second.cards)) == (False, sorted([(uids[0], 7, False), (uids[1], 0, True)]))
    assert (await ask(1, second.position)).cards == []
    for position in ("99999999999999", "never", "-1"):
        assert (await ask(0, position)).all, position


async def test_a_change_that_commits_late_is_sent(bar: Bar) -> None:
    fan, news = await bar.fan(3000), CardNews(bar.db, kept_s=0)
    async with bar.db.transaction() as late:
        await cards.block_cards(late, [Block(fan.card_id, BlockReason.LOST, None)], NOW)
        first = msgspec.json.decode(await news.since(None), type=TillCards)
        assert first.cards == [(fan.chip.uid.hex().upper(), 0, False)]
        between = msgspec.json.decode(await news.since(first.position), type=TillCards)
    after = msgspec.json.decode(await news.since(between.position), type=TillCards)
    assert after.cards == [(fan.chip.uid.hex().upper(), 0, True)]


async def test_a_long_list_of_cards_is_small_on_the_wire(counters: "Counters") -> None:
    await a_till(counters)
    async with counters.db.connection() as conn:
        await conn.execute("insert into wallet_accounts.purse (id, opened_at) values ($1, $2)", UUID(int=1), NOW)
        await conn.execute(
            "insert into wallet_cards.card (id, uid, purse_id, code_hash, key_version, personalised_at) "
            "select gen_random_uuid(), substr(sha256(n::text::bytea), 1, 7), $1, sha256(n::text::bytea), 1, $2 "
            "from generate_series(1, 2000) as n",
            UUID(int=1),
            NOW,
        )
    answer = await counters.ask("till", "GET", "/api/till/cards", headers={"accept-encoding": "gzip"})
    assert (answer.headers["content-encoding"], len(answer.json()["cards"])) == ("gzip", 2000)
    assert len(gzip.compress(answer.content)) < 2000 * 14


# --- the limits ------------------------------------------------------------------------------------------------------


def test_payments_that_are_not_uploaded_count_against_the_offline_limits() -> None:
    limits, card = TillLimits(5_000, 1_000, 2_000, 1_500), new_id()
    took = [RecordTaking(NOW + at * SECOND, {one: 600}) for at, one in enumerate([card, card, None, None])]
    names = [[one.reason.value for one in found] for found in limit_deviations([], took, limits)]
    assert names == [[], ["offline_card_limit"], [], ["offline_till_limit"]]
    before = [OfflineTaking(NOW - SECOND, card, 5_000), OfflineTaking(NOW + SECOND, card, 1_500)]
    names = [[one.reason.value for one in found] for found in limit_deviations(before, took[:1], limits)]
    assert names == [["offline_till_limit", "offline_card_limit"]], "earlier uploads count even with a later time"


async def test_payments_beyond_the_offline_limits_are_booked_as_deviations(bar: Bar, clock: Any) -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    taps = [fan.tap() for _ in range(5)]
    sold = [till.write(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, proof)) for proof in taps[:3]]
    clock.set(till.at + SECOND)
    for one in sold:  # a backlog in three uploads is one offline period
        await bar.send(till, sent(one, offline=True))
    till.at = clock.now() + SECOND
    later = till.write(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, taps[3]))
    clock.advance(HOUR)
    await bar.send(till, sent(later, offline=True))
    async with bar.db.connection() as conn:
        noted = await deviations(conn, [HERE], None)
    limit = {"cents": 3 * ROUND_CENTS, "limit_cents": LIMITS.offline_card_cents}
    assert [(one.record_id, one.reason, one.data) for one in noted] == [
        (sold[2].record.id, "offline_card_limit", limit)
    ]
    assert await bar.balance_of(fan) == 9000 - 4 * ROUND_CENTS


TILLS, CARDS, LIMIT = 3, 3, 900


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 1_500), min_size=CARDS, max_size=CARDS),
    st.lists(
        st.one_of(
            st.tuples(st.just("sell"), st.integers(0, TILLS - 1), st.integers(0, CARDS), st.integers(1, 500)),
            st.tuples(st.just("tell"), st.integers(0, TILLS - 1), st.just(0), st.just(0)),
            st.tuples(st.just("spend"), st.just(0), st.integers(0, CARDS - 1), st.integers(1, 800)),
        ),
        max_size=60,
    ),
)
def test_tills_within_their_limits_lose_at_most_their_limits(
    wallets: list[int], steps: list[tuple[str, int, int, int]]
) -> None:
    """Offline tills accept cards up to their limit and upload in any order; the same wallets are
    spent elsewhere meanwhile.

    The loss of one offline period of a till is at most its limit, so the loss of all tills is at
    most tills times limit.
    """
    ids = [new_id() for _ in wallets]
    available: dict[UUID, int] = dict(zip(ids, wallets, strict=True))
    untold: list[list[tuple[int, int]]] = [[] for _ in range(TILLS)]

    def lost_by(till: int) -> Iterator[int]:
        for card, cents in untold[till]:
            forged = card == CARDS  # a message with a known number that no card made
            part = Part(0, cents, loss_cents=cents) if forged else Part(0, cents, ids[card])
            paid = pay_part(part, available, bonus_limit_cents=cents, has_happened=True)
            assert not isinstance(paid, Refused)
            assert sum(one.cents for one in paid) == cents
            yield sum(one.loss_cents for one in paid)
        untold[till] = []

    for what, till, card, cents in steps:
        if what == "sell" and sum(taken for _, taken in untold[till]) + cents <= LIMIT:
            untold[till].append((card, cents))
        elif what == "tell":
            assert sum(lost_by(till)) <= LIMIT
        elif what == "spend":
            pay_part(Part(0, cents, ids[card]), available, bonus_limit_cents=cents, has_happened=False)
    assert sum(sum(lost_by(till)) for till in range(TILLS)) <= TILLS * LIMIT
    assert all(cents >= 0 for cents in available.values())


@pytest.mark.parametrize("seed", range(2))
async def test_no_loss_account_exceeds_the_limit_after_concurrent_uploads(bar: Bar, clock: Any, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same evening each time
    tills, fans = [await bar.till() for _ in range(3)], [await bar.fan(chance.randint(0, 3_000)) for _ in range(3)]
    most = LIMITS.offline_card_cents // ROUND_CENTS  # the most that one till takes from one card
    sold = []
    for till in tills:
        for fan in [fan for fan in fans for _ in range(most)]:
            proof = fan.tap() if chance.random() < 0.8 else fan.tap()[:-4] + "0000"  # a MAC that no till can check
            sold.append((till, till.write(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, proof))))
    clock.set(max(till.at for till in tills) + SECOND)
    pieces = [[one for of, one in sold if of is till] for till in tills]
    while any(pieces):  # each till in its own order, in pieces of any size, at any process, some of them twice
        wanted = [(at, piece[: chance.randint(1, 3)]) for at, piece in enumerate(pieces) if piece]
        for at, offline in wanted:
            pieces[at] = pieces[at][len(offline) :]
        twice = [*wanted, *(one for one in wanted if chance.random() < 0.5)]
        await asyncio.gather(
            *(
                bar.send(tills[at], *(sent(one, offline=True) for one in offline), process=chance.randrange(2))
                for at, offline in twice
            )
        )
    lost = [sum(cents for cents, _ in await bar.lost(till.id)) for till in tills]
    taken = most * len(fans) * ROUND_CENTS
    assert taken <= LIMITS.offline_till_cents
    assert all(0 <= one <= taken for one in lost)
    assert await bar.of_kind("revenue") == len(tills) * taken
    assert await bar.of_kind("loss") == -sum(lost)
    async with bar.db.connection() as conn:
        assert await deviations(conn, None, None) == []


async def test_the_office_reads_the_maximum_and_actual_offline_losses(
    counters: "Counters", bar: Bar, vault: "KeyVault"
) -> None:
    till, fan = await a_till(counters), await bar.fan(1_000)
    async with counters.db.transaction() as conn:  # its outlet gets a till of the system, which never sells offline
        await set_capacity(conn, vault, HERE, KitchenCapacity({}, open=True), who=None, now=NOW)
    await a_till(counters, "another")
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    await bar.send(till, sent(sale, offline=True))
    counters.knows("bar manager", Grant("finance", "outlet", HERE))
    counters.knows("neighbour", Grant("finance", "outlet", THERE))
    gone = await a_till(counters, "gone")
    async with counters.db.connection() as conn:
        await conn.execute("update people.device set revoked_at = $1, revoked_by = $2 where id = $2", NOW, gone.id)
    answers = {
        who: await counters.ask(who, "GET", "/api/office/food/offline-loss")
        for who in ("finance", "bar manager", "neighbour")
    }
    expected = {"tills": 2, "till_limit_cents": 60_000, "max_loss_cents": 120_000, "lost_cents": 150}
    assert answers["finance"].json() == answers["bar manager"].json() == expected
    assert answers["neighbour"].json()["max_loss_cents"] == 0
    noted = {
        who: (await counters.ask(who, "GET", "/api/office/food/deviations")).json() for who in ("finance", "neighbour")
    }
    assert noted == {"finance": [], "neighbour": []}
