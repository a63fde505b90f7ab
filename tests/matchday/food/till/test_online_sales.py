"""Online sales: booked once, with the right payer and balanced transfers."""

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matchday.food.till.bar import CAP_CENTS, ROUND, ROUND_CENTS, as_till, by_card, counter_of, sent
from tests.money.fiscal.till import NOW, Till, beer, cup, fries
from virage.matchday.food.till.rules.booking import Part, transfers
from virage.money.fiscal.rules.record import COUNTED_CENTS_MAX, FLOAT_CENTS_MAX, Kind, Record, Tender, TenderKind
from virage.money.wallet.cards.acts import cards as card_acts
from virage.money.wallet.cards.acts.cards import Block, DailyLimitRequest
from virage.money.wallet.cards.rules.cards import BlockReason
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

CASH = [Tender(TenderKind.CASH, ROUND_CENTS, None)]


# --- the rule --------------------------------------------------------------------------------------------------------


def moved(record: Record, parts: list[Part]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in transfers(record, parts):
        for account, cents in ((one.debit, -one.cents), (one.credit, one.cents)):
            name = f"{account.kind}{account.key.removeprefix(str(record.till))}"
            found[name] = found.get(name, 0) + cents
    return found


def test_a_sale_is_revenue_by_vat_its_cup_a_deposit_and_its_tip_a_tip() -> None:
    lines, tenders = [beer(2), fries(1), cup(2)], [Tender(TenderKind.CASH, 2250, None)]
    record = Till().record(lines=lines, tip_cents=200, tenders=tenders)
    assert moved(record, [Part(0, 2250)]) == {
        "cash": -2250,
        "revenue:200": 1400,
        "revenue:100": 450,
        "deposits": 200,
        "tips": 200,
    }


def test_a_returned_cup_is_deducted_from_the_next_sale() -> None:
    record = Till().record(lines=[beer(1), cup(-2)], tenders=[Tender(TenderKind.CASH, 500, None)])
    assert moved(record, [Part(0, 500)]) == {"cash": -500, "deposits": -200, "revenue:200": 700}


@given(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=6),
    st.integers(0, 500),
    st.lists(st.integers(1, 3000), max_size=4),
    st.integers(-400, 400),
)
def test_transfers_of_any_record_move_each_tender_and_sum_to_zero(
    quantities: list[tuple[int, bool]], tip: int, split: list[int], wrong: int
) -> None:
    lines = [beer(n) if is_beer else cup(-n) for n, is_beer in quantities]
    due = max(1, sum(line.cents for line in lines) + tip + wrong)
    parts, left = [], due
    for at, cents in enumerate(split):
        if 0 < cents < left:
            parts.append(Part(at, cents, new_id()))
            left -= cents
    parts.append(Part(len(split), left))
    tenders = [Tender(TenderKind.CARD, 1, "x")] * len(split) + [Tender(TenderKind.CASH, left, None)]
    found = transfers(Till().record(lines=lines, tip_cents=tip, tenders=tenders), parts)
    assert all(one.cents > 0 and one.debit != one.credit for one in found)
    for part in parts:
        paid = sum(one.cents for one in found if one.debit.id == part.wallet_id)
        assert part.wallet_id is None or paid == part.cents
    assert len({one.id for one in found}) == len(found)


# --- online sales ----------------------------------------------------------------------------------------------------


async def test_a_tap_pays_two_lines_and_returns_the_balance(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    written, answer = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (answer.outcome, answer.number, answer.hash) == ("booked", 1, written.hash)
    assert answer.available_cents == 3000 - ROUND_CENTS
    assert await bar.of_kind("revenue") == ROUND_CENTS


async def test_after_a_lost_answer_the_same_receipt_is_returned_and_nothing_is_paid_twice(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    written = till.sign(till.record(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())))
    answers = [(await bar.send(till, sent(written)))[0] for _ in range(3)]
    assert [answer.outcome for answer in answers] == ["booked", "known", "known"]
    assert {answer.hash for answer in answers} == {written.hash}
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS


async def test_the_same_sale_in_two_processes_at_once_is_one_sale(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    written = till.sign(till.record(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())))
    answers = await asyncio.gather(*(bar.send(till, sent(written), process=at % 2) for at in range(6)))
    assert sorted(answer.outcome for (answer,) in answers) == ["booked"] + ["known"] * 5
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS


async def test_an_uncovered_online_sale_is_refused_and_its_number_stays_free(bar: "Bar") -> None:
    till, fan, rich = await bar.till(), await bar.fan(1149), await bar.fan(5000)
    _, refused = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (refused.outcome, refused.reason, refused.data) == (
        "refused",
        "insufficient_funds",
        {"available_cents": 1149},
    )
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, rich.tap()))
    assert (answer.outcome, answer.number) == ("booked", 1)
    assert await bar.balance_of(fan) == 1149


async def test_a_refused_sale_is_booked_when_sent_again_after_a_top_up(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(1149)
    written, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    async with bar.db.connection() as conn:
        before = await conn.fetchval("select count(*) from wallet_cards.card_day where spent_cents > 0")
    assert before == 0, "an unpaid amount counts to no daily limit"
    await bar.load(fan, 500)
    (answer,) = await bar.send(till, sent(written))
    assert answer.outcome == "booked"


@pytest.mark.parametrize("what", ["replayed", "rolled back", "forged", "unregistered", "no message"])
async def test_an_invalid_tap_pays_nothing(bar: "Bar", what: str) -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    first, second = fan.tap(), fan.tap()
    await bar.sell_online(till, by_card(ROUND_CENTS, second))
    proof, reason = {
        "replayed": (second, "tap_replayed"),
        "rolled back": (first, "tap_replayed"),
        "forged": (fan.tap()[:-1] + "0", "tap_forged"),
        "unregistered": ((await bar.stranger()).tap(), "card_unknown"),
        "no message": ("picc_data=hello", "tap_forged"),
    }[what]
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, proof))
    assert (answer.outcome, answer.reason) == ("refused", reason)
    assert await bar.balance_of(fan) == 9000 - ROUND_CENTS


async def test_a_blocked_card_pays_nothing(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    async with bar.db.transaction() as conn:
        await card_acts.block_cards(conn, [Block(fan.card_id, BlockReason.STOLEN, None)], NOW)
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (answer.outcome, answer.reason) == ("refused", "card_blocked")


async def test_a_tap_above_the_cap_needs_confirmation(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(20_000)
    dear = [beer(8)]
    record = till.record(lines=dear, tenders=by_card(5600, fan.tap()))
    (answer,) = await bar.send(till, sent(till.sign(record)))
    assert (answer.reason, answer.data) == ("confirmation_required", {"cap_cents": CAP_CENTS})


async def test_a_card_with_a_daily_limit_spends_at_most_the_limit(bar: "Bar") -> None:
    till, child = await bar.till(), await bar.fan(9000)
    owner = new_id()
    async with bar.db.transaction() as conn:
        await conn.execute("update wallet_accounts.purse set owner_id = $1 where id = $2", owner, child.wallet_id)
        await card_acts.limit_cards(conn, [DailyLimitRequest(child.card_id, owner, 2000)], NOW)
    _, first = await bar.sell_online(till, by_card(ROUND_CENTS, child.tap()))
    _, second = await bar.sell_online(till, by_card(ROUND_CENTS, child.tap()))
    assert (first.outcome, second.reason, second.data["left_cents"]) == ("booked", "daily_limit_reached", 850)


async def test_offline_payments_count_against_the_daily_limit(bar: "Bar") -> None:
    till, child = await bar.till(), await bar.fan(9000)
    owner = new_id()
    async with bar.db.transaction() as conn:
        await conn.execute("update wallet_accounts.purse set owner_id = $1 where id = $2", owner, child.wallet_id)
        await card_acts.limit_cards(conn, [DailyLimitRequest(child.card_id, owner, 2000)], NOW)
    offline = await bar.sell_offline(till, *(by_card(ROUND_CENTS, child.tap()) for _ in range(2)))
    _, asked = await bar.sell_online(till, by_card(ROUND_CENTS, child.tap()))
    assert ([one.outcome for one in offline], asked.reason) == (["booked", "booked"], "daily_limit_reached")
    assert asked.data["left_cents"] == 0


async def test_without_a_card_key_no_cards_are_accepted(bar: "Bar", db: Database, clock: Clock) -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    written = till.sign(till.record(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())))
    (answer,) = await counter_of(db, clock, None).sell(as_till(till), [sent(written)])
    assert (answer.outcome, answer.reason) == ("refused", "cards_off")


async def test_a_bill_is_split_between_a_card_and_cash(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(500)
    _, answer = await bar.sell_online(till, [*by_card(500, fan.tap()), Tender(TenderKind.CASH, 650, None)])
    assert (answer.outcome, answer.available_cents) == ("booked", 0)


async def test_an_inconsistent_sale_is_refused_online(bar: "Bar") -> None:
    till = await bar.till()
    _, answer = await bar.sell_online(till, [Tender(TenderKind.CASH, ROUND_CENTS - 1, None)])
    assert (answer.outcome, answer.reason) == ("refused", "tenders_wrong")


async def test_a_till_sells_at_its_own_outlets_only(bar: "Bar") -> None:
    till, other = await bar.till(), await bar.till()
    till.outlet = "02"
    elsewhere = till.sign(till.record(lines=ROUND, tenders=CASH))
    till.outlet = "01"
    (answer,) = await bar.send(till, sent(elsewhere))
    assert answer.reason == "not_your_outlet"
    (answer,) = await bar.counters[0].sell(as_till(other), [sent(till.sign(till.record(lines=ROUND, tenders=CASH)))])
    assert answer.reason == "forged_record"


async def test_an_upload_has_at_most_one_online_sale(bar: "Bar") -> None:
    till = await bar.till()
    both = [till.write(lines=ROUND, tenders=CASH) for _ in range(2)]
    answers = await bar.send(till, *(sent(one) for one in both))
    assert {answer.reason for answer in answers} == {"asked_behind_others"}
    assert [answer.outcome for answer in await bar.send(till, *(sent(one, offline=True) for one in both))] == [
        "booked"
    ] * 2


async def test_training_moves_no_money(bar: "Bar") -> None:
    till = await bar.till()
    (answer,) = await bar.send(till, sent(till.write(Kind.TRAINING_SALE)))
    assert answer.outcome == "booked"
    assert await bar.of_kind("cash") == 0


async def test_an_excessive_cash_count_is_refused_online_and_a_defect_offline(bar: "Bar") -> None:
    till = await bar.till()
    bounds = {Kind.SHIFT_OPENED: FLOAT_CENTS_MAX, Kind.SHIFT_COUNTED: COUNTED_CENTS_MAX}
    for kind, most in bounds.items():
        (asked,) = await bar.send(till, sent(till.sign(till.record(kind, cash_cents=most + 1))))
        assert (asked.outcome, asked.reason, asked.data) == ("refused", "cash_excessive", {"most_cents": most})
        (offline,) = await bar.send(till, sent(till.write(kind, cash_cents=most)), process=1)
        assert offline.outcome == "booked", "the number was free"
    (offline,) = await bar.send(till, sent(till.write(Kind.SHIFT_OPENED, cash_cents=FLOAT_CENTS_MAX + 1), offline=True))
    assert offline.outcome == "booked"
    async with bar.db.connection() as conn:
        defects = await conn.fetch("select defect from fiscal.record where device_id = $1 order by number", till.id)
    assert [row["defect"] for row in defects] == [None, None, "cash_excessive"]
