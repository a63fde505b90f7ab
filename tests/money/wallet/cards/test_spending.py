"""Limits of a card: a cap a tap, a limit a day, a PIN above the cap."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.money.wallet.conftest import HOUR, NOW
from tests.zones import NEW_YORK, PARIS
from virage.identity.people.rules.pins import verifier_of
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.card_pins import begin_pin_try, end_pin_try, set_card_pin
from virage.money.wallet.cards.acts.taps import count_spends, give_back
from virage.money.wallet.cards.rules.cards import Limits, PinTry, Spend, Spent, judge_spends, spend_allowed
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Held, Wallets

CAP = 5_000
DAY = date(2026, 5, 9)
CHEAP = 10  # hash rounds of a test's PIN; a test of people checks OWASP's number


@pytest.mark.parametrize(
    ("limit", "spent", "amount", "confirmed", "refused"),
    [
        (None, 0, CAP, False, None),
        (None, 0, CAP + 1, False, Refused("confirmation_required", {"cap_cents": CAP})),
        (None, 0, CAP + 1, True, None),
        (1_000, 0, 1_000, False, None),
        (1_000, 400, 601, False, Refused("daily_limit_reached", {"left_cents": 600, "daily_limit_cents": 1_000})),
        (1_000, 400, 601, True, Refused("daily_limit_reached", {"left_cents": 600, "daily_limit_cents": 1_000})),
        (500, 900, 1, False, Refused("daily_limit_reached", {"left_cents": 0, "daily_limit_cents": 500})),
        (9_000, 0, 9_001, False, Refused("daily_limit_reached", {"left_cents": 9_000, "daily_limit_cents": 9_000})),
    ],
)
def test_a_tap_pays_up_to_the_cap_and_a_card_up_to_its_daily_limit(
    limit: int | None, spent: int, amount: int, confirmed: bool, refused: Refused | None
) -> None:
    assert spend_allowed(Limits(limit, spent), Spend(new_id(), amount, confirmed), cap_cents=CAP) == refused


@given(amounts=st.lists(st.integers(1, 900), max_size=20), limit=st.integers(0, 3_000))
def test_batches_never_exceed_the_daily_limit_and_pass_within_it(amounts: list[int], limit: int) -> None:
    card_id = new_id()
    outcomes = judge_spends([Spend(card_id, one) for one in amounts], {card_id: Limits(limit)}, DAY, cap_cents=CAP)
    spent = 0
    for amount, outcome in zip(amounts, outcomes, strict=True):
        assert isinstance(outcome, Spent) == (spent + amount <= limit)
        spent += amount if isinstance(outcome, Spent) else 0


async def limited(wallets: "Wallets", cents: int | None) -> "Held":
    owner = new_id()
    held = await wallets.card(owner)
    async with wallets.transaction() as conn:
        assert await acts.limit_cards(conn, [acts.DailyLimitRequest(held.id, owner, cents)], NOW) == [None]
    return held


async def spend(
    wallets: "Wallets", card_id: UUID, cents: int, now: datetime = NOW, zone: ZoneInfo = PARIS
) -> Spent | Refused:
    async with wallets.transaction() as conn:
        (outcome,) = await count_spends(conn, [Spend(card_id, cents)], cap_cents=CAP, zone=zone, now=now)
    return outcome


async def spent(wallets: "Wallets", card_id: UUID) -> dict[date, int]:
    rows = await wallets.rows("select day, spent_cents from wallet_cards.card_day where card_id = $1", card_id)
    return {row["day"]: row["spent_cents"] for row in rows}


async def test_spending_of_a_card_adds_up_per_day_and_a_refusal_has_the_rest(wallets: "Wallets") -> None:
    held, other = await limited(wallets, 1_000), await limited(wallets, None)
    assert await spend(wallets, held.id, 700) == Spent(held.id, DAY, 700)
    assert await spend(wallets, held.id, 400) == Refused(
        "daily_limit_reached", {"left_cents": 300, "daily_limit_cents": 1_000}
    )
    assert isinstance(await spend(wallets, held.id, 300), Spent)
    assert isinstance(await spend(wallets, other.id, CAP), Spent)
    assert (await spent(wallets, held.id), await spent(wallets, other.id)) == ({DAY: 1_000}, {DAY: CAP})


async def test_spending_within_one_batch_adds_up(wallets: "Wallets") -> None:
    held = await limited(wallets, 1_000)
    async with wallets.transaction() as conn:
        outcomes = await count_spends(conn, [Spend(held.id, 400)] * 3, cap_cents=CAP, zone=PARIS, now=NOW)
    assert [isinstance(one, Spent) for one in outcomes] == [True, True, False]
    assert await spent(wallets, held.id) == {DAY: 800}


async def test_concurrent_spending_never_exceeds_the_daily_limit(wallets: "Wallets") -> None:
    held = await limited(wallets, 1_000)
    outcomes = await asyncio.gather(*(spend(wallets, held.id, 300) for _ in range(8)))
    assert sum(isinstance(one, Spent) for one in outcomes) == 3
    assert await spent(wallets, held.id) == {DAY: 900}


@pytest.mark.parametrize(
    ("zone", "midnight", "hours"),
    [
        (PARIS, datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (PARIS, datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        (NEW_YORK, datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
        (NEW_YORK, datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
    ],
)
async def test_a_daily_limit_holds_once_on_the_day_of_a_clock_change(
    wallets: "Wallets", zone: ZoneInfo, midnight: datetime, hours: int
) -> None:
    held = await limited(wallets, 100 * hours)
    for hour in range(hours):
        assert isinstance(await spend(wallets, held.id, 100, midnight + hour * HOUR, zone), Spent)
    last = midnight + hours * HOUR - timedelta(seconds=1)
    assert isinstance(await spend(wallets, held.id, 1, last, zone), Refused)
    assert isinstance(await spend(wallets, held.id, 1, midnight + hours * HOUR, zone), Spent)
    day = midnight.astimezone(zone).date()
    assert await spent(wallets, held.id) == {day: 100 * hours, day + timedelta(days=1): 1}


async def test_the_day_is_in_the_deployments_time_zone(wallets: "Wallets") -> None:
    held = await limited(wallets, 1_000)
    before_midnight, after = datetime(2026, 5, 9, 21, 59, tzinfo=UTC), datetime(2026, 5, 9, 22, 0, tzinfo=UTC)
    for now in (before_midnight, after):
        assert isinstance(await spend(wallets, held.id, 1_000, now), Spent)
    assert await spent(wallets, held.id) == {DAY: 1_000, date(2026, 5, 10): 1_000}


async def test_a_refund_reduces_the_spending_of_its_day(wallets: "Wallets") -> None:
    held = await limited(wallets, 1_000)
    first = await spend(wallets, held.id, 700)
    assert isinstance(first, Spent)
    async with wallets.transaction() as conn:
        await give_back(conn, [first])
        await give_back(conn, [first])
    assert await spent(wallets, held.id) == {DAY: 0}, "the spending of a day is never negative"
    assert isinstance(await spend(wallets, held.id, 1_000), Spent)


async def test_an_unregistered_card_spends_nothing(wallets: "Wallets") -> None:
    assert await spend(wallets, new_id(), 1) == Refused("not_found")


# --- the PIN ---------------------------------------------------------------------------------------------------------


async def with_pin(wallets: "Wallets", pin: str = "482915") -> tuple["Held", UUID]:
    owner = new_id()
    held = await wallets.card(owner)
    async with wallets.transaction() as conn:
        verifier = verifier_of(pin, b"0123456789abcdef", CHEAP)
        assert await set_card_pin(conn, held.id, owner, verifier, NOW) is None
    return held, owner


async def test_the_right_pin_confirms_and_resets_wrong_attempts(wallets: "Wallets") -> None:
    held, _ = await with_pin(wallets)
    for _ in range(2):
        for left in (4, 3, 2, 1):
            assert await wallets.desk.confirm(held.id, "000000") == Refused(
                "pin_wrong", {"tries_left": left}, commit=True
            )
        assert await wallets.desk.confirm(held.id, "482915") is None


async def test_after_five_wrong_pins_the_card_is_blocked_until_its_owner_unblocks_it(wallets: "Wallets") -> None:
    held, owner = await with_pin(wallets)
    answers = [await wallets.desk.confirm(held.id, "000000") for _ in range(5)]
    assert answers[-1] == Refused("pin_wrong", {"tries_left": 0}, commit=True)
    assert await wallets.desk.confirm(held.id, "482915") == Refused("card_blocked", {"reason": "pin"})
    (outcome,) = await wallets.take(wallets.read(held.tap()))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "card_blocked"
    assert [fact["data"] for fact in await wallets.facts("card_blocked")] == [{"reason": "pin"}]
    async with wallets.transaction() as conn:
        assert await acts.unblock_cards(conn, [acts.OwnersCard(held.id, owner)], NOW) == [None]
    assert await wallets.desk.confirm(held.id, "000000") == Refused("pin_wrong", {"tries_left": 4}, commit=True)
    assert await wallets.desk.confirm(held.id, "482915") is None


async def test_tries_at_the_same_moment_are_all_counted(wallets: "Wallets") -> None:
    held, _ = await with_pin(wallets)
    answers = await asyncio.gather(*(wallets.desk.confirm(held.id, f"{number:06}") for number in range(12)))
    looked_at = [one for one in answers if isinstance(one, Refused) and one.reason == "pin_wrong"]
    assert len(looked_at) <= 5
    assert await wallets.desk.confirm(held.id, "482915") == Refused("card_blocked", {"reason": "pin"})


async def test_a_pin_attempt_after_the_fifth_is_not_checked(wallets: "Wallets") -> None:
    held, _ = await with_pin(wallets)
    async with wallets.transaction() as conn:
        begun = [await begin_pin_try(conn, held.id) for _ in range(6)]
    assert [isinstance(one, PinTry) for one in begun] == [True] * 5 + [False]
    fifth = begun[4]
    assert isinstance(fifth, PinTry)
    async with wallets.transaction() as conn:
        assert await end_pin_try(conn, fifth, right=fifth.right("482915"), now=NOW) is None, "the PIN was right"
    assert await wallets.desk.confirm(held.id, "482915") is None


async def test_a_card_without_a_pin_or_an_unknown_card_has_no_attempts(wallets: "Wallets") -> None:
    held = await wallets.card()
    assert await wallets.desk.confirm(held.id, "482915") == Refused("pin_not_set")
    assert await wallets.desk.confirm(new_id(), "482915") == Refused("not_found")


async def test_a_pin_is_stored_as_a_verifier_and_set_by_its_owner_only(wallets: "Wallets") -> None:
    held, _ = await with_pin(wallets)
    kept = str(await wallets.rows("select * from wallet_cards.card_pin")) + str(await wallets.facts())
    assert "482915" not in kept
    async with wallets.transaction() as conn:
        verifier = verifier_of("111222", b"0123456789abcdef", CHEAP)
        assert await set_card_pin(conn, held.id, new_id(), verifier, NOW + HOUR) == Refused("not_found")
    assert await wallets.desk.confirm(held.id, "482915") is None
