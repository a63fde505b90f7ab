"""Upgrades within a term: the rest of the price, the same number, and one membership at a time."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FakeClock
from tests.sale.membership.conftest import NEXT_TERM, TERM, Club, a_tier
from tests.sale.membership.test_windows import hold
from tests.sale.ticketing.conftest import HOUR, Box
from tests.sale.ticketing.test_books import accounts, sums
from tests.sale.ticketing.test_emails import Post
from virage.identity.people.types import Email, EmailKind
from virage.money.payments.rules import PaymentState
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.sale.membership.reads.emails import membership_email
from virage.sale.membership.rules.terms import EventWindow, Tier
from virage.sale.membership.rules.upgrading import upgrade_price

TODAY = date(2026, 5, 9)  # 53 of the 365 days of the term are left
REST = 3000 * 53 // 365
PLATINUM: dict[str, Any] = {"name": {"fr": "Platine", "en": "Platinum", "de": "Platin"}, "price_cents": 6000}


def tier_of(**changes: Any) -> Tier:
    content = a_tier(**changes)
    fields = {name: getattr(content, name) for name in content.__struct_fields__}
    return Tier(id=new_id(), organiser_id=UUID(int=7), revision=1, **fields)


@given(st.dates(TERM["starts_on"] - timedelta(days=60), TERM["ends_on"]), st.integers(0, 10**6), st.integers(1, 10**6))
def test_an_upgrade_costs_the_difference_for_the_days_that_are_left(today: date, low: int, more: int) -> None:
    held, wanted = tier_of(price_cents=low), tier_of(price_cents=low + more)
    price = upgrade_price(held, wanted, today)
    tomorrow = upgrade_price(held, wanted, today + timedelta(days=1))
    assert price is not None
    assert 0 <= price <= more
    assert price == more or today > TERM["starts_on"]
    assert tomorrow is None or tomorrow <= price
    assert upgrade_price(wanted, held, today) is None


@pytest.mark.parametrize(
    "changes", [NEXT_TERM, {"is_open": False}, {"price_cents": 3000}, {"ends_on": date(2026, 6, 29)}]
)
def test_a_tier_of_another_term_a_closed_one_and_one_at_the_same_price_are_no_upgrade(changes: dict[str, Any]) -> None:
    assert upgrade_price(tier_of(), tier_of(**PLATINUM), TODAY) == REST
    assert upgrade_price(tier_of(), tier_of(**(PLATINUM | changes)), TODAY) is None
    assert upgrade_price(tier_of(), tier_of(**PLATINUM), date(2026, 7, 1)) is None, "the term is over"


async def ask(
    box: Box, membership: dict[str, Any], tier: Tier, price: int = REST, payment_id: UUID | None = None, **changes: Any
) -> httpx.Response:
    body: dict[str, Any] = {"id": str(new_id()), "tier_id": str(tier.id), "payment_id": str(payment_id or new_id())}
    body |= {"price_cents": price, **changes}
    return await box.ask("POST", f"/api/membership/{membership['id']}/upgrade", body)


async def upgraded(club: Club, box: Box, membership: dict[str, Any], tier: Tier, price: int = REST) -> dict[str, Any]:
    """Upgrade a membership and pay; the new one."""
    payment_id = new_id()
    answer = await ask(box, membership, tier, price, payment_id)
    assert answer.status_code == 200, answer.text
    await club.system.news(payment_id)
    return await club.membership(box, UUID(answer.json()["membership"]["id"]))


async def test_an_upgrade_is_paid_for_the_rest_of_the_term_and_keeps_the_number(club: Club) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    held = await club.joined(fan, gold)
    assert [(one["tier_id"], one["price_cents"]) for one in held["upgrades"]] == [(str(platinum.id), REST)]
    new = await upgraded(club, fan, held, platinum)
    assert (new["state"], new["number"], new["tier_id"]) == ("active", held["number"], str(platinum.id))
    assert (new["price_cents"], new["upgrades"]) == (REST, [])
    assert (await club.membership(fan, UUID(held["id"])))["state"] == "upgraded"
    stored = await club.system.rows("select state from membership.membership order by asked_at, id")
    assert [row["state"] for row in stored] == ["cancelled", "active"], "one membership is active"
    assert (await club.letters())[-1] == "membership_begun"
    begun, again = await club.system.rows(
        "select data from kernel.journal where what = 'membership_begun' order by seq"
    )
    assert ("upgrades" in begun["data"], again["data"]["upgrades"]) == (False, held["id"])


async def test_until_it_is_paid_the_member_keeps_the_lower_tier(club: Club) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    held, payment_id = await club.joined(fan, gold), new_id()
    assert (await ask(fan, held, platinum, REST, payment_id)).status_code == 200
    assert (await club.membership(fan, UUID(held["id"])))["state"] == "active"
    await club.system.news(payment_id, PaymentState.DECLINED)
    assert (await club.membership(fan, UUID(held["id"])))["state"] == "active"
    assert (await upgraded(club, fan, held, platinum))["state"] == "active"


async def test_a_repeated_request_and_another_tab_have_the_same_page(club: Club) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    held, id_, payment_id = await club.joined(fan, gold), str(new_id()), new_id()
    answers = [await ask(fan, held, platinum, REST, payment_id, id=id_) for _ in range(2)]
    answers.append(await ask(fan, held, platinum))
    assert len({answer.json()["payment_url"] for answer in answers}) == 1
    assert {answer.json()["membership"]["id"] for answer in answers} == {id_}
    assert (await ask(fan, held, platinum, id=id_)).json()["code"] == "id_reused"


async def test_refused_upgrades_change_nothing_and_say_why(club: Club, clock: FakeClock) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    closed = await club.tier(**(PLATINUM | {"is_open": False}))
    held, stranger = await club.joined(fan, platinum), await club.system.fan("stranger@example.org")
    assert (await ask(fan, held, gold)).json()["code"] == "no_upgrade"
    own = await club.joined(stranger, gold)
    assert (await ask(stranger, held, platinum)).status_code == 404
    assert (await ask(stranger, own, closed)).json()["code"] == "no_upgrade"
    assert (await ask(club.system.browser(), own, platinum)).status_code == 401
    clock.advance(timedelta(days=1))
    changed = await ask(stranger, own, platinum)
    assert (changed.json()["code"], changed.json()["data"]) == (
        "upgrade_price_changed",
        {"price_cents": 3000 * 52 // 365},
    )
    assert [one["state"] for one in await club.memberships(stranger)] == ["active"]


async def test_money_that_comes_after_the_membership_was_cancelled_is_returned(club: Club) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    held, payment_id = await club.joined(fan, gold), new_id()
    assert (await ask(fan, held, platinum, REST, payment_id)).status_code == 200
    office = await club.office()
    path = f"/api/office/membership/{held['id']}/cancel"
    assert (await office.ask("POST", path, {"reason": "Asked", "refund_id": None})).status_code == 200
    await club.system.news(payment_id)
    assert await club.refunds() == {payment_id: REST}
    assert sorted(one["state"] for one in await club.memberships(fan)) == ["cancelled", "failed"]


async def test_two_upgrades_that_are_paid_at_once_give_one_and_return_the_other(club: Club) -> None:
    gold, fan = await club.tier(), await club.system.fan()
    tiers = [await club.tier(**PLATINUM), await club.tier(price_cents=9000)]
    held = await club.joined(fan, gold)
    paid = [new_id(), new_id()]
    for tier, price, payment_id in zip(tiers, (REST, 6000 * 53 // 365), paid, strict=True):
        assert (await ask(fan, held, tier, price, payment_id)).status_code == 200
    await asyncio.gather(*(club.system.news(payment_id) for payment_id in paid))
    states = [one["state"] for one in await club.memberships(fan)]
    assert sorted(states) == ["active", "failed", "upgraded"]
    assert len(await club.refunds()) == 1


async def test_a_cancelled_upgrade_refunds_all_that_was_paid_for_the_term(club: Club, clock: FakeClock) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    held = await club.joined(fan, gold)
    new = await upgraded(club, fan, held, platinum)
    joined = await accounts(club.system, TODAY, TODAY)
    assert sums(joined)["membership_clearing"] == -3000 - REST
    clock.advance(timedelta(days=1))
    office, body = await club.office(), {"reason": "Asked", "refund_id": str(new_id())}
    path = f"/api/office/membership/{new['id']}/cancel"
    answers = [await office.ask("POST", path, body) for _ in range(2)]
    assert [answer.json()["state"] for answer in answers] == ["cancelled", "cancelled"]
    assert sorted((await club.refunds()).values()) == [REST, 3000]
    journal = await accounts(club.system, date(2026, 5, 10), date(2026, 5, 10))
    assert sums(journal)["membership_clearing"] == 3000 + REST
    again = await club.joined(fan, gold)
    assert (again["state"], again["number"]) == ("active", held["number"])


async def test_an_upgrade_that_costs_nothing_on_the_last_day_begins_at_once(club: Club, clock: FakeClock) -> None:
    gold, platinum, fan = (
        await club.tier(),
        await club.tier(**(PLATINUM | {"price_cents": 3300})),
        await club.system.fan(),
    )
    held = await club.joined(fan, gold)
    clock.advance(timedelta(days=52))
    fan = await club.system.fan()
    answer = await ask(fan, held, platinum, 0)
    assert (answer.json()["payment_url"], answer.json()["membership"]["state"]) == (None, "active")


async def test_the_email_of_an_upgrade_says_so_and_has_a_receipt_of_its_own(club: Club, config: Config) -> None:
    gold, platinum, fan = await club.tier(), await club.tier(**PLATINUM), await club.system.fan()
    new = await upgraded(club, fan, await club.joined(fan, gold), platinum)
    subjects = [one["subject"] for one in await Post(club.system, config).read()]
    assert subjects == ["Bienvenue, adhérent n° 1 : Or, The club", "Votre passage à Platine, The club"]
    numbers = []
    for membership in await club.memberships(fan):
        about = UUID(membership["id"])
        email = Email(
            id=new_id(),
            kind=EmailKind.MEMBERSHIP_BEGUN,
            subject_id=about,
            about_id=about,
            person_id=None,
            locale="fr",
            to="fan@example.org",
            secret={},
            was_at=None,
            expires_at=None,
            blocked=False,
        )
        async with club.system.db.connection() as conn:
            content = await membership_email(conn, email)
        assert content is not None
        assert content.receipt is not None
        assert content.receipt.total_cents == membership["price_cents"]
        numbers.append(content.receipt.number)
    assert len(set(numbers)) == 2
    assert all(number.startswith(f"{new['number']}-202507") for number in numbers)


async def test_the_windows_of_the_higher_tier_open_at_once(early: Club) -> None:
    now = early.system.clock.now()
    gold, platinum, fan = await early.tier(), await early.tier(**PLATINUM), await early.system.fan()
    await early.windows(EventWindow(now - HOUR, 4, [platinum.id]))
    held = await early.joined(fan, gold)
    assert (await hold(fan)).json()["code"] == "sale_not_open"
    await upgraded(early, fan, held, platinum)
    assert (await hold(fan)).status_code == 201
