"""Rewards: points, stock and the reward move together, once; the office hands over or cancels."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from tests.sale.points.conftest import Club
from tests.sale.points.test_earning import present
from tests.sale.ticketing.conftest import HOUR, Box
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.points.acts.accounts import erased

LATER_REDEMPTIONS = """
insert into points.redemption
    (id, account_id, reward_id, name, price_points, state, code, by_bonus, redeemed_at, state_at)
select gen_random_uuid(), account_id, reward_id, name, price_points, $2, upper(left(md5($2 || later), 8)),
    by_bonus, redeemed_at + later * interval '1 second', state_at
from points.redemption cross join generate_series(1, $3::integer) as later where id = $1
"""  # of the account and reward of one, a second apart


async def rich(club: Club, email: str = "fan@example.org", before_start: timedelta = HOUR) -> Box:
    """A fan with 15 points, who entered so long before the start."""
    fan, ticket = await present(club, email)
    await club.enters(ticket, before_start)
    await club.earn()
    return fan


async def test_a_redeemed_reward_costs_its_points_and_one_of_the_stock(club: Club) -> None:
    fan, reward = await rich(club), await club.reward(stock=2)
    answer = await club.redeem(fan, reward)
    assert (answer.status_code, answer.json()["state"], len(answer.json()["code"])) == (200, "open", 8)
    shown = await club.points(fan)
    assert (shown["account"]["balance"], shown["rewards"][0]["left"], shown["rewards"][0]["mine"]) == (5, 1, 1)
    assert shown["redemptions"][0]["id"] == answer.json()["id"]
    newest = (await club.movements(fan))[0]
    assert (newest["kind"], newest["points"], newest["reward"]["en"]) == ("redeemed", -10, "Pitch walk")
    assert (await club.audit()).points == {"points": 5, "points_issued": -15, "points_redeemed": 10}


async def test_a_repeated_request_is_one_reward_with_the_first_answer(club: Club) -> None:
    fan, reward, id_ = await rich(club), await club.reward(price_points=5), new_id()
    answers = await asyncio.gather(*(club.redeem(fan, reward, id_) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["code"] for answer in answers}) == 1
    assert await club.balance(fan) == 10
    other = await rich(club, "other@example.org")
    assert (await club.redeem(other, reward, id_)).json()["code"] == "id_reused"
    assert (await club.redeem(fan, await club.reward(price_points=5), id_)).json()["code"] == "id_reused"


async def test_two_people_take_the_last_reward_and_one_gets_it(club: Club) -> None:
    emails = [f"fan{number}@example.org" for number in range(2)]
    for number, email in enumerate(emails):
        await rich(club, email, HOUR / (number + 1))
    fans = [await club.system.fan(email) for email in emails]  # their first sessions have ended meanwhile
    reward = await club.reward(stock=1)
    answers = await asyncio.gather(*(club.redeem(fan, reward) for fan in fans))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert next(one for one in answers if one.status_code == 409).json()["code"] == "reward_sold_out"
    assert sorted([await club.balance(fan) for fan in fans]) == [5, 15]


async def test_two_tabs_spend_the_same_points_once(club: Club) -> None:
    fan, reward = await rich(club), await club.reward()
    answers = await asyncio.gather(*(club.redeem(fan, reward) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(one for one in answers if one.status_code == 409).json()
    assert (refused["code"], refused["data"]) == ("points_too_few", {"missing": 5})
    assert (await club.audit()).clean


async def test_refused_rewards_cost_nothing_and_say_why(club: Club) -> None:
    fan, reward = await rich(club), await club.reward(price_points=5, limit_per_person=1)
    stranger = await club.system.fan("stranger@example.org")
    assert (await club.redeem(stranger, reward)).json()["code"] == "points_not_joined"
    assert (await club.redeem(fan, reward, price_points=4)).json()["code"] == "reward_price_changed"
    assert (await club.redeem(fan, reward, reward_id=str(new_id()))).status_code == 404
    assert (await club.redeem(fan, reward)).status_code == 200
    assert (await club.redeem(fan, reward)).json()["code"] == "reward_limit_reached"
    assert (await club.redeem(club.system.browser(), reward)).status_code == 401
    board = await club.reward(asks_text=True, price_points=1)
    assert (await club.redeem(fan, board)).json()["code"] == "reward_text_missing"
    assert (await club.redeem(fan, board, text=" ")).status_code == 400
    assert await club.balance(fan) == 10


async def test_a_voucher_of_the_operator_is_bonus_credit_at_once(club: Club) -> None:
    fan, reward = await rich(club), await club.reward(kind="voucher", voucher_cents=500)
    id_ = new_id()
    answer = await club.redeem(fan, reward, id_)
    assert (answer.json()["state"], answer.json()["by_bonus"]) == ("handed_over", True)
    assert (await club.redeem(fan, reward, id_)).json() == answer.json()
    found = await club.audit()
    assert (found.clean, found.kinds["bonus"], found.points["points"]) == (True, 500, 5)


async def test_a_voucher_of_an_organiser_with_its_own_account_is_a_code(club: Club) -> None:
    fan, reward = await rich(club), await club.reward(kind="voucher", voucher_cents=500)
    async with club.system.db.transaction() as conn:
        await conn.execute(
            "insert into payments.account (organiser_id, begun_by, begun_at) values ($1, $2, $3)",
            club.organiser_id,
            new_id(),
            club.system.clock.now(),
        )
    answer = await club.redeem(fan, reward)
    assert (answer.json()["state"], answer.json()["by_bonus"]) == ("open", False)
    assert "bonus" not in (await club.audit()).kinds


async def test_the_office_marks_a_reward_ready_and_hands_it_over(club: Club) -> None:
    fan, reward, office = await rich(club), await club.reward(asks_text=True), await club.office()
    redeemed = (await club.redeem(fan, reward, text="Allez Virage !")).json()
    listed = (await office.ask("GET", f"/api/office/points/redemptions?organiser_id={club.organiser_id}")).json()
    assert [(one["text"], one["email"], one["state"]) for one in listed] == [
        ("Allez Virage !", "fan@example.org", "open")
    ]
    path = f"/api/office/points/redemptions/{redeemed['id']}/state"
    for _ in range(2):
        assert (await office.ask("POST", path, {"state": "ready"})).json()["state"] == "ready"
    assert (await office.ask("POST", path, {"state": "handed_over"})).json()["state"] == "handed_over"
    refused = await office.ask("POST", path, {"state": "cancelled", "reason": "Rain"})
    assert (refused.json()["code"], refused.json()["data"]) == ("redemption_state", {"state": "handed_over"})
    assert (await club.points(fan))["redemptions"][0]["state"] == "handed_over"
    assert await club.letters() == ["reward_ready"]


async def test_rewards_that_wait_are_listed_from_the_oldest_whatever_was_handed_over_since(club: Club) -> None:
    fan, reward, office = await rich(club), await club.reward(price_points=5), await club.office()
    first, second = (await club.redeem(fan, reward)).json(), (await club.redeem(fan, reward)).json()
    async with club.system.db.transaction() as conn:
        await conn.execute(LATER_REDEMPTIONS, UUID(first["id"]), "handed_over", 500)
    path = f"/api/office/points/redemptions/waiting?organiser_id={club.organiser_id}"
    listed = (await office.ask("GET", path)).json()
    assert [one["id"] for one in listed] == sorted([first["id"], second["id"]])
    async with club.system.db.transaction() as conn:
        await conn.execute(LATER_REDEMPTIONS, UUID(first["id"]), "ready", 101)
    pages = [(await office.ask("GET", path)).json()]
    last = pages[0][-1]["id"]
    handed_over = await office.ask("POST", f"/api/office/points/redemptions/{last}/state", {"state": "handed_over"})
    assert handed_over.status_code == 200
    pages.append((await office.ask("GET", f"{path}&after={last}")).json())
    assert [len(page) for page in pages] == [100, 3]
    moments = [one["redeemed_at"] for page in pages for one in page]
    assert moments == sorted(moments)
    assert {one["state"] for page in pages for one in page} == {"open", "ready"}
    assert len({one["id"] for page in pages for one in page}) == 103


async def test_a_cancelled_reward_returns_its_points_and_its_place_once(club: Club) -> None:
    fan, reward, office = await rich(club), await club.reward(stock=1), await club.office()
    redeemed = (await club.redeem(fan, reward)).json()
    path = f"/api/office/points/redemptions/{redeemed['id']}/state"
    answers = await asyncio.gather(
        *(office.ask("POST", path, {"state": "cancelled", "reason": "Rain"}) for _ in range(3))
    )
    assert {answer.status_code for answer in answers} == {200}
    shown = await club.points(fan)
    assert (shown["account"]["balance"], shown["rewards"][0]["left"]) == (15, 1)
    assert (shown["redemptions"][0]["state"], shown["redemptions"][0]["cancel_reason"]) == ("cancelled", "Rain")
    assert (await club.movements(fan))[0]["kind"] == "returned"
    assert await club.letters() == ["reward_cancelled"]
    assert (await club.redeem(fan, reward)).status_code == 200, "the place is free again"


async def test_offices_of_others_and_other_roles_change_nothing(club: Club) -> None:
    fan, reward = await rich(club), await club.reward()
    redeemed = (await club.redeem(fan, reward)).json()
    path = f"/api/office/points/redemptions/{redeemed['id']}/state"
    theirs = await club.system.staff(Grant("box_office", "organiser", new_id()), email="their@example.org")
    assert (await theirs.ask("POST", path, {"state": "ready"})).status_code == 404
    reader = await club.system.staff(Grant("finance", "organiser", club.organiser_id), email="finance@example.org")
    assert (await reader.ask("POST", path, {"state": "ready"})).status_code == 403
    listed = await theirs.ask("GET", f"/api/office/points/redemptions?organiser_id={club.organiser_id}")
    assert listed.status_code == 403


async def test_the_stock_is_not_set_below_what_is_redeemed(club: Club) -> None:
    fan, reward = await rich(club), await club.reward(stock=1, price_points=5)
    assert (await club.redeem(fan, reward)).status_code == 200
    office = await club.office()
    body = {
        "organiser_id": str(club.organiser_id),
        "kind": "experience",
        "name": reward.name,
        "price_points": 5,
        "stock": 0,
        "opens_at": reward.opens_at.isoformat(),
        "closes_at": reward.closes_at.isoformat(),
        "revision": 1,
    }
    refused = await office.ask("PUT", f"/api/office/points/rewards/{reward.id}", body)
    assert (refused.status_code, refused.json()["data"]["errors"][0]["source"]) == (400, "stock")
    stored = await office.ask("PUT", f"/api/office/points/rewards/{reward.id}", body | {"stock": 4})
    assert (stored.status_code, stored.json()["revision"], stored.json()["taken"]) == (200, 2, 1)
    late = await office.ask("PUT", f"/api/office/points/rewards/{reward.id}", body | {"stock": 5})
    assert (late.json()["code"], late.json()["data"]) == ("changed_meanwhile", {"revision": 2})


@pytest.mark.parametrize("state", ["ready", "handed_over"])
async def test_a_reward_of_an_erased_person_is_kept_without_them(club: Club, state: str) -> None:
    fan, reward, office = await rich(club), await club.reward(asks_text=True), await club.office()
    redeemed = (await club.redeem(fan, reward, text="My name is Jo")).json()
    account_id = UUID((await club.points(fan))["account"]["id"])
    (person,) = await club.system.rows("select person_id from points.account where id = $1", account_id)
    async with club.system.db.transaction() as conn:
        await erased(conn, person["person_id"], club.system.clock.now())
    answer = await office.ask("POST", f"/api/office/points/redemptions/{redeemed['id']}/state", {"state": state})
    assert (answer.json()["text"], answer.json()["email"], answer.json()["name"]) == (None, None, None)
    assert await club.letters() == []
    await club.lapse()
    assert (await club.audit()).points == {"points": 0, "points_issued": -15, "points_lapsed": 5, "points_redeemed": 10}
