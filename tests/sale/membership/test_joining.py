"""Joining: money brings a membership or returns, places are exact, numbers are given once and have no gaps."""

import asyncio
from datetime import timedelta

import pytest

from tests.conftest import FakeClock
from tests.sale.membership.conftest import NEXT_TERM, Club
from tests.sale.ticketing.conftest import MemoryProvider, System
from virage.money.payments.rules import PaymentState
from virage.platform.values.ids import new_id
from virage.sale.membership.rules.joining import PAYS_FOR

PEOPLE = 12


async def test_a_paid_membership_begins_with_its_payment_and_has_the_first_number(club: Club) -> None:
    tier, fan = await club.tier(), await club.system.fan()
    membership_id, payment_id = await club.asked(fan, tier)
    waiting = await club.membership(fan, membership_id)
    assert (waiting["state"], waiting["number"]) == ("paying", None)
    await club.system.news(payment_id)
    begun = await club.membership(fan, membership_id)
    assert (begun["state"], begun["number"], begun["ends_on"]) == ("active", 1, "2026-06-30")
    assert await club.letters() == ["membership_begun"]


async def test_a_free_membership_begins_at_once(club: Club) -> None:
    tier, fan = await club.tier(price_cents=0), await club.system.fan()
    answer = await club.ask_to_join(fan, tier)
    assert answer.json()["payment_url"] is None
    assert (answer.json()["membership"]["state"], answer.json()["membership"]["number"]) == ("active", 1)


async def test_a_repeated_request_is_one_membership_with_one_payment_page(club: Club) -> None:
    tier, fan = await club.tier(), await club.system.fan()
    membership_id, payment_id = new_id(), new_id()
    first = await club.ask_to_join(fan, tier, membership_id, payment_id)
    assert (await club.ask_to_join(fan, tier, membership_id, payment_id)).json() == first.json()
    assert (await club.ask_to_join(fan, tier)).json() == first.json()  # another tab: the page of the running payment
    assert (await club.ask_to_join(fan, tier, membership_id)).json()["code"] == "id_reused"
    other = await club.system.fan("other@example.org")
    assert (await club.ask_to_join(other, tier, membership_id, payment_id)).json()["code"] == "id_reused"
    assert len(await club.memberships(fan)) == 1


async def test_a_person_has_one_membership_per_term(club: Club) -> None:
    gold, blue, fan = await club.tier(), await club.tier(price_cents=1000), await club.system.fan()
    following = await club.tier(**NEXT_TERM)
    await club.joined(fan, gold)
    refused = await club.ask_to_join(fan, blue)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_member")
    renewed = await club.joined(fan, following)
    assert (renewed["state"], renewed["number"]) == ("active", 1)  # the number is kept


async def test_choosing_another_tier_ends_the_unpaid_one_whose_late_money_returns(club: Club) -> None:
    gold, blue, fan = await club.tier(), await club.tier(price_cents=1000), await club.system.fan()
    first_id, first_payment = await club.asked(fan, gold)
    second_id, second_payment = await club.asked(fan, blue)
    assert (await club.membership(fan, first_id))["state"] == "failed"
    await club.system.news(second_payment)
    await club.system.news(first_payment)
    assert (await club.membership(fan, second_id))["state"] == "active"
    assert (await club.membership(fan, first_id))["returned_cents"] == 3000
    assert await club.refunds() == {first_payment: 3000}
    assert await club.letters() == ["membership_begun", "membership_money_returned"]


async def test_two_people_take_the_last_place_and_one_gets_it(club: Club) -> None:
    tier = await club.tier(new_members_max=1)
    fans = [await club.system.fan(f"fan{number}@example.org") for number in range(2)]
    answers = await asyncio.gather(*(club.ask_to_join(fan, tier) for fan in fans))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert next(answer for answer in answers if answer.status_code == 409).json()["code"] == "tier_full"


async def test_a_member_renews_in_a_tier_that_takes_no_new_members(club: Club) -> None:
    tier, following = await club.tier(), await club.tier(new_members_max=0, **NEXT_TERM)
    fan, stranger = await club.system.fan(), await club.system.fan("stranger@example.org")
    await club.joined(fan, tier)
    assert (await club.joined(fan, following))["state"] == "active"
    assert (await club.ask_to_join(stranger, following)).json()["code"] == "tier_full"


async def test_late_money_begins_a_membership_while_its_place_is_free_and_returns_otherwise(
    club: Club, clock: FakeClock
) -> None:
    tier = await club.tier(new_members_max=1)
    late, other = await club.system.fan(), await club.system.fan("other@example.org")
    late_id, late_payment = await club.asked(late, tier)
    clock.advance(PAYS_FOR)
    other_id, other_payment = await club.asked(other, tier)  # the place is free again
    await club.system.news(late_payment)
    assert (await club.membership(late, late_id))["returned_cents"] == 3000
    await club.system.news(other_payment, PaymentState.EXPIRED)
    assert (await club.membership(other, other_id))["state"] == "failed"
    await club.system.news(other_payment)  # expired for us, captured by the bank
    assert (await club.membership(other, other_id))["state"] == "active"
    assert await club.refunds() == {late_payment: 3000}


async def test_a_declined_card_frees_the_place(club: Club) -> None:
    tier = await club.tier(new_members_max=1)
    fan, other = await club.system.fan(), await club.system.fan("other@example.org")
    membership_id, payment_id = await club.asked(fan, tier)
    await club.system.news(payment_id, PaymentState.DECLINED)
    assert (await club.membership(fan, membership_id))["state"] == "failed"
    assert (await club.joined(other, tier))["number"] == 1  # the number was not used up either


async def test_people_who_join_at_once_get_all_numbers_without_a_gap(club: Club) -> None:
    paid, free = await club.tier(), await club.tier(price_cents=0)
    fans = [await club.system.fan(f"fan{number}@example.org") for number in range(PEOPLE)]
    found = await asyncio.gather(*(club.joined(fan, free if at % 2 else paid) for at, fan in enumerate(fans)))
    assert sorted(one["number"] for one in found) == list(range(1, PEOPLE + 1))


async def test_a_wrong_amount_buys_nothing(club: Club) -> None:
    tier, fan = await club.tier(), await club.system.fan()
    membership_id, payment_id = await club.asked(fan, tier)
    await club.system.news(payment_id, cents=1)
    assert (await club.membership(fan, membership_id))["state"] == "failed"
    assert await club.refunds() == {payment_id: 1}


async def test_a_closed_tier_and_one_whose_term_is_over_take_no_members(club: Club, clock: FakeClock) -> None:
    closed, tier, fan = await club.tier(is_open=False), await club.tier(), await club.system.fan()
    assert (await club.ask_to_join(fan, closed)).json()["code"] == "tier_closed"
    clock.advance(timedelta(days=60))
    fan = await club.system.fan()
    assert (await club.ask_to_join(fan, tier)).json()["code"] == "tier_closed"


async def test_a_page_that_the_provider_cannot_open_is_opened_by_the_same_request(
    club: Club, provider: MemoryProvider
) -> None:
    tier, fan = await club.tier(), await club.system.fan()
    membership_id, payment_id = new_id(), new_id()
    provider.away = True
    assert (await club.ask_to_join(fan, tier, membership_id, payment_id)).json()["code"] == "provider_unavailable"
    provider.away = False
    assert (await club.ask_to_join(fan, tier, membership_id, payment_id)).json()["payment_url"]


async def test_guests_are_asked_to_sign_in(system: System) -> None:
    club = Club(system)
    tier = await club.tier()
    assert (await club.ask_to_join(system.browser(), tier)).status_code == 401


async def test_the_list_of_tiers_shows_the_open_ones_with_the_places_left(club: Club) -> None:
    tier = await club.tier(new_members_max=2)
    await club.tier(is_open=False)
    await club.joined(await club.system.fan(), tier)
    (shown,) = (await club.system.browser().ask("GET", "/api/membership/tiers")).json()
    assert (shown["id"], shown["places_left"], shown["organiser"]) == (str(tier.id), 1, "The club")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_money_of_two_memberships_of_one_term_begins_one_of_them(club: Club, order: tuple[int, int]) -> None:
    gold, blue, fan = await club.tier(), await club.tier(price_cents=1000), await club.system.fan()
    asked = [await club.asked(fan, gold), await club.asked(fan, blue)]
    await asyncio.gather(*(club.system.news(asked[at][1]) for at in order))
    states = {one["state"] for one in await club.memberships(fan)}
    assert states == {"active", "failed"}
    assert list((await club.refunds()).values()) == [3000]
