"""Codes of rewards at tills: each is used once, whatever is repeated, and only by a cashier of the outlet."""

import asyncio
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from tests.money.fiscal.till import CASHIER
from tests.money.wallet.funding.desks import employ
from tests.sale.points.conftest import Club
from tests.sale.points.test_rewards import rich
from tests.sale.ticketing.conftest import Box
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

LOOK_UP, HAND_OVER = "/api/till/rewards", "/api/till/rewards/handover"


async def till(club: Club, outlet: str = "01") -> Box:
    """A paired till of an outlet, with its token."""
    device_id = new_id()
    async with club.system.db.transaction() as conn:
        await conn.execute(
            """
            insert into people.device
                (id, pairing_id, name, kind, posts, public_key, token_hash, paired_at, last_seen_at, paired_by)
            values ($1, $1, 'Till', 'till', array[$2], '{}', $3, $4, $4, $1)
            """,
            device_id,
            outlet,
            sha256(device_id.hex.encode()).digest(),
            club.system.clock.now(),
        )
    box = club.system.browser()
    box.browser.headers["authorization"] = f"Bearer {device_id.hex}"
    return box


@pytest.fixture
async def code(club: Club) -> str:
    """The code of a reward that a fan redeemed, and a cashier of outlet 01."""
    async with club.system.db.transaction() as conn:
        await employ(conn, CASHIER, Grant("cashier", "outlet", "01"))
    fan = await rich(club)
    answer = await club.redeem(fan, await club.reward(name={"fr": "Tarte", "en": "Pie", "de": "Kuchen"}, stock=5))
    return str(answer.json()["code"])


def request(code: str, id_: UUID | None = None, **changes: Any) -> dict[str, Any]:
    return {"id": str(id_ or new_id()), "code": code, "outlet": "01", "cashier_id": str(CASHIER)} | changes


async def test_a_till_finds_a_code_as_it_is_typed_and_looking_uses_nothing_up(club: Club, code: str) -> None:
    counter = await till(club)
    for typed in (code, f" {code[:4].lower()} {code[4:]}", f"{code[:4]}-{code[4:]}"):
        found = await counter.ask("POST", LOOK_UP, {"code": typed})
        assert (found.status_code, found.json()["state"], found.json()["name"]["en"]) == (200, "open", "Pie")
    assert found.json()["organiser"] == "The club"
    assert "person" not in found.text, "a cashier sees no person"
    assert "@" not in found.text
    assert (await counter.ask("POST", LOOK_UP, {"code": "23456789"})).status_code == 404


async def test_a_code_is_used_once_and_a_repeated_request_gets_the_first_answer(club: Club, code: str) -> None:
    counter, first = await till(club), new_id()
    answers = [await counter.ask("POST", HAND_OVER, request(code, first)) for _ in range(2)]
    assert [(one.status_code, one.json()["state"]) for one in answers] == [(200, "handed_over")] * 2
    assert answers[0].json() == answers[1].json()
    again = await counter.ask("POST", HAND_OVER, request(code))
    assert (again.status_code, again.json()["code"]) == (409, "redemption_state")
    assert again.json()["data"] == {"state": "handed_over", "at": answers[0].json()["state_at"]}
    (stored,) = await club.system.rows("select till_id, cashier_id, handover_id from points.redemption")
    assert (stored["cashier_id"], stored["handover_id"]) == (CASHIER, first)
    facts = await club.system.rows("select who, data from kernel.journal where what = 'points_reward_state'")
    assert [(fact["who"], fact["data"]["till"]) for fact in facts] == [(CASHIER, str(stored["till_id"]))]


async def test_two_tills_at_once_hand_one_reward_over_once(club: Club, code: str) -> None:
    counters = [await till(club) for _ in range(4)]
    answers = await asyncio.gather(*(counter.ask("POST", HAND_OVER, request(code)) for counter in counters))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_cancelled_rewards_and_vouchers_in_the_wallet_are_not_handed_over(club: Club, code: str) -> None:
    counter, office = await till(club), await club.office()
    (row,) = await club.system.rows("select id from points.redemption")
    cancelled = {"state": "cancelled", "reason": "Sold out"}
    assert (await office.ask("POST", f"/api/office/points/redemptions/{row['id']}/state", cancelled)).status_code == 200
    refused = await counter.ask("POST", HAND_OVER, request(code))
    assert (refused.status_code, refused.json()["data"]["state"]) == (409, "cancelled")
    voucher = await club.reward(kind="voucher", voucher_cents=500)
    given = await club.redeem(await club.system.fan(), voucher)
    shown = await counter.ask("POST", LOOK_UP, {"code": given.json()["code"]})
    assert (shown.json()["by_bonus"], shown.json()["voucher_cents"]) == (True, 500)
    assert (await counter.ask("POST", HAND_OVER, request(given.json()["code"]))).status_code == 409


async def test_other_outlets_cashiers_of_others_and_people_hand_nothing_over(club: Club, code: str) -> None:
    counter = await till(club)
    elsewhere = await counter.ask("POST", HAND_OVER, request(code, outlet="02"))
    assert elsewhere.json()["code"] == "not_your_outlet"
    stranger = await counter.ask("POST", HAND_OVER, request(code, cashier_id=str(new_id())))
    assert (stranger.status_code, stranger.json()["code"]) == (409, "cashier_not_here")
    moved = await till(club, "02")
    assert (await moved.ask("POST", HAND_OVER, request(code, outlet="02"))).json()["code"] == "cashier_not_here"
    for box in (await club.system.fan(), await club.office(), club.system.browser()):
        assert (await box.ask("POST", LOOK_UP, {"code": code})).status_code in {401, 403}
        assert (await box.ask("POST", HAND_OVER, request(code))).status_code in {401, 403}
    (row,) = await club.system.rows("select state from points.redemption")
    assert row["state"] == "open"


async def test_what_a_till_handed_over_is_shown_to_its_fan_and_not_cancelled(club: Club, code: str) -> None:
    counter, office = await till(club), await club.office()
    assert (await counter.ask("POST", HAND_OVER, request(code))).status_code == 200
    fan = await club.system.fan()
    (mine,) = (await club.points(fan))["redemptions"]
    assert mine["state"] == "handed_over"
    cancelled = {"state": "cancelled", "reason": "Mistake"}
    answer = await office.ask("POST", f"/api/office/points/redemptions/{mine['id']}/state", cancelled)
    assert answer.json()["code"] == "redemption_state"
