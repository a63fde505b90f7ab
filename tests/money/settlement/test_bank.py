"""Bank lines find their payouts, by reference or by amount and date, and never by chance."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.money.settlement.conftest import Office
from virage.money.settlement.acts import bank
from virage.money.settlement.rules.items import Resolution
from virage.money.settlement.rules.lines import AwaitedPayout, FreeLine, LineMatch, concerns, match_lines
from virage.money.settlement.store import bank as bank_store
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

DAY = date(2026, 5, 11)
PAYOUTS = [UUID(int=number) for number in range(1, 5)]
LINES = [UUID(int=number) for number in range(11, 15)]


def awaited(number: int, cents: int = 5000, day: date = DAY, reference: str | None = None) -> AwaitedPayout:
    return AwaitedPayout(PAYOUTS[number], cents, "EUR", day, reference)


def free(number: int, cents: int = 5000, day: date = DAY, text: str = "STRIPE") -> FreeLine:
    return FreeLine(LINES[number], cents, "EUR", day, text)


def test_a_line_that_contains_the_reference_is_matched_however_the_bank_breaks_it() -> None:
    found = match_lines([awaited(0, reference="ab12-CD34")], [free(0, day=date(2026, 7, 1), text="VIR AB12 CD 34 X")])
    assert found.matched == [LineMatch(PAYOUTS[0], LINES[0], "reference")]


def test_a_reference_with_another_amount_is_a_difference() -> None:
    found = match_lines([awaited(0, reference="AB12CD34")], [free(0, cents=4999, text="AB12CD34"), free(1)])
    assert (found.matched, found.differing) == ([], [(LINES[0], PAYOUTS[0])])


def test_a_reference_in_two_lines_matches_neither() -> None:
    found = match_lines([awaited(0, reference="AB12CD34")], [free(0, text="AB12CD34"), free(1, text="AB12CD34")])
    assert (found.matched, found.differing) == ([], [])


def test_a_short_reference_matches_nothing_by_chance() -> None:
    found = match_lines([awaited(0, reference="12")], [free(0, cents=1, text="on 12 May")])
    assert (found.matched, found.differing) == ([], [])


def test_without_a_reference_the_exact_amount_within_five_days_matches() -> None:
    assert match_lines([awaited(0)], [free(0, day=DAY + timedelta(days=5))]).matched == [
        LineMatch(PAYOUTS[0], LINES[0], "amount")
    ]
    assert match_lines([awaited(0)], [free(0, day=DAY + timedelta(days=6))]).matched == []
    assert match_lines([awaited(0)], [free(0, cents=5001)]).matched == []


def test_two_lines_of_the_same_amount_match_nothing() -> None:
    assert match_lines([awaited(0)], [free(0), free(1)]).matched == []
    assert match_lines([awaited(0), awaited(1)], [free(0)]).matched == []


def test_the_reference_decides_between_two_lines_of_the_same_amount() -> None:
    payouts = [awaited(0, reference="AB12CD34"), awaited(1)]
    assert match_lines(payouts, [free(0), free(1, text="AB12CD34")]).matched == [
        LineMatch(PAYOUTS[0], LINES[1], "reference"),
        LineMatch(PAYOUTS[1], LINES[0], "amount"),
    ]


amounts = st.sampled_from([100, 200])
days = st.dates(DAY, DAY + timedelta(days=8))
references = st.sampled_from([None, "REFERENCE1", "REFERENCE2"])


@given(
    st.lists(st.tuples(amounts, days, references), max_size=4),
    st.lists(st.tuples(amounts, days, st.sampled_from(["x", "REFERENCE1", "REFERENCE2"])), max_size=4),
)
def test_a_line_has_one_payout_of_its_amount_and_a_payout_has_one_line(
    of_payouts: list[tuple[int, date, str | None]], of_lines: list[tuple[int, date, str]]
) -> None:
    payouts = [awaited(number, *one) for number, one in enumerate(of_payouts)]
    lines = [free(number, *one) for number, one in enumerate(of_lines)]
    found = match_lines(payouts, lines)
    cents = {one.id: one.amount_cents for one in payouts} | {one.id: one.amount_cents for one in lines}
    assert len({one.payout_id for one in found.matched}) == len(found.matched)
    assert len({one.line_id for one in found.matched} | {line for line, _ in found.differing}) == len(
        found.matched
    ) + len(found.differing)
    assert all(cents[one.payout_id] == cents[one.line_id] for one in found.matched)
    assert all(cents[payout] != cents[line] for line, payout in found.differing)
    assert {(one.payout_id, one.line_id) for one in match_lines(payouts[::-1], lines[::-1]).matched} == {
        (one.payout_id, one.line_id) for one in found.matched
    }


def test_a_line_concerns_the_provider_by_its_name_or_the_descriptor() -> None:
    assert concerns("VIR SEPA stripe technology", ["STRIPE"])
    assert concerns("Zahlung MY CLUB 4711", ["STRIPE", "MYCLUB"])
    assert not concerns("Rent", ["STRIPE", "R"])


async def paid_out(office: Office, cents: int = 5000) -> str:
    await office.sell(cents)
    payout = office.balance.pay_out()
    await office.reconcile()
    return str(payout["trace_id"]["value"])


async def test_an_imported_line_with_the_reference_closes_the_payout(office: Office) -> None:
    reference = await paid_out(office)
    payout = await office.payout()
    imported = await office.book((payout.arrives_on, payout.amount_cents, f"STRIPE {reference}"))
    assert imported == bank.StatementImport(1, 1, 1)
    assert (await office.payout()).line_id is not None
    assert await office.items() == []


async def test_a_line_that_came_before_its_payout_is_matched_by_the_job(office: Office) -> None:
    await office.sell(5000)
    payout = office.balance.pay_out()
    await office.book((office.clock.now().date(), payout["amount"], f"STRIPE {payout['trace_id']['value']}"))
    assert await office.kinds() == ["line_unmatched"]
    await office.reconcile()
    assert await office.items() == []
    (item,) = await office.resolved()
    assert (item.resolution, item.matched_to) == (Resolution.LATER, payout["id"])


async def test_the_same_and_an_overlapping_statement_add_only_what_is_new(office: Office) -> None:
    first = [(DAY, 100, "a"), (DAY, 100, "a"), (DAY, 200, "b")]
    assert (await office.book(*first)).new_lines == 3
    assert (await office.book(*first)).new_lines == 0
    assert (await office.book(*first, (DAY + timedelta(days=1), 100, "a"))).new_lines == 1


async def test_a_payout_that_a_statement_should_contain_and_does_not_is_listed(office: Office) -> None:
    await paid_out(office)
    payout = await office.payout()
    await office.book((payout.arrives_on + timedelta(days=5), 1, "Rent"))
    assert await office.items() == []
    await office.book((payout.arrives_on + timedelta(days=6), 1, "Rent"))
    assert await office.kinds() == ["payout_not_in_bank"]
    await office.book((payout.arrives_on, payout.amount_cents, "no reference"))
    assert await office.items() == []


async def test_a_line_with_the_reference_and_another_amount_is_listed(office: Office) -> None:
    reference = await paid_out(office)
    payout = await office.payout()
    await office.book((payout.arrives_on, payout.amount_cents - 1, reference))
    (item,) = await office.items()
    assert (item.kind, item.expected_cents) == ("line_differs", payout.amount_cents)
    assert (await office.payout()).open_items == 1


async def test_two_payouts_and_lines_of_the_same_amount_wait_for_a_person(office: Office) -> None:
    for _ in range(2):
        await office.sell(5000)
        office.balance.pay_out(trace_id=None)
    await office.reconcile()
    payouts = await office.payouts()
    day, cents = payouts[0].arrives_on, payouts[0].amount_cents
    await office.book((day, cents, "STRIPE one"), (day, cents, "STRIPE two"))
    assert await office.kinds() == ["line_unmatched", "line_unmatched"]
    line = next(item.line_id for item in await office.items() if item.line_id is not None)
    who = new_id()
    async with office.db.connection() as conn:
        other = next(
            one.line.id for one in await bank_store.free_lines(conn, DAY - timedelta(days=400)) if one.line.id != line
        )
    assert await office.db.transact(bank.match_by_hand, payouts[0].id, line, who, office.clock.now()) is None
    assert await office.db.transact(bank.match_by_hand, payouts[0].id, line, who, office.clock.now()) is None
    taken = await office.db.transact(bank.match_by_hand, payouts[0].id, other, who, office.clock.now())
    assert isinstance(taken, Refused)
    taken = await office.db.transact(bank.match_by_hand, payouts[1].id, line, who, office.clock.now())
    assert isinstance(taken, Refused)
    await office.reconcile()  # the other two are unique now
    assert await office.items() == []
    assert {payout.line_id for payout in await office.payouts()} == {line, other}


async def test_a_match_by_hand_of_another_amount_is_refused(office: Office) -> None:
    await paid_out(office)
    payout = await office.payout()
    await office.book((payout.arrives_on, 1, "STRIPE"))
    (item,) = await office.items()
    assert item.line_id is not None
    refused = await office.db.transact(bank.match_by_hand, payout.id, item.line_id, new_id(), datetime.now(UTC))
    assert isinstance(refused, Refused)
    assert refused.data == {"cents": 1}
    assert (await office.payout()).line_id is None
