"""Failed refunds and disputes have an owner, as unmatched items of settlement have."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.money.payments.test_conformance import inbox, standin
from tests.money.payments.test_disputes import Disputed, disputed
from tests.money.payments.test_failed_refunds import Desk, desk
from tests.money.payments.test_stripe import bank, own_shop
from virage.identity.people.store import persons
from virage.platform.data import journal
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Role

__all__ = ["bank", "desk", "disputed", "inbox", "own_shop", "standin"]  # fixtures of other files

HEADERS = {"origin": "https://virage.local", "sec-fetch-site": "same-origin"}


class Finance:
    """Finance at the lists of failed refunds and disputes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def one(self, what: str) -> dict[str, Any]:
        (found,) = (await self.desk.shop.client.get(f"/api/office/{what}")).json()
        return dict(found)

    async def put(self, what: str, id_: UUID | str, *, mine: bool) -> httpx.Response:
        path = f"/api/office/{what}/{id_}/assignee"
        return await self.desk.shop.client.put(path, json={"mine": mine}, headers=HEADERS)

    async def facts(self) -> list[tuple[str, str | None]]:
        async with self.desk.shop.db.connection() as conn:
            entries = await journal.read_after(conn, "0-0")
        return [(entry.what, entry.data.get("assignee")) for entry in entries if entry.what.endswith("_assigned")]


@pytest.fixture
async def finance(desk: Desk, disputed: Disputed) -> Finance:
    """A failed refund and a dispute, each once."""
    desk.standin.refunds_are = "failed"
    await desk.ask_refund()
    desk.standin.dispute(str(disputed.asked.payment_id))
    await disputed.told()
    return Finance(desk)


@pytest.mark.parametrize("what", ["refunds", "disputes"])
async def test_a_case_is_taken_over_passed_on_and_released(finance: Finance, what: str) -> None:
    first = await finance.desk.signed_in("finance")
    case = await finance.one(what)
    assert (case["assignee_id"], case["assignee"]) == (None, None)
    for _ in range(2):
        answer = await finance.put(what, case["id"], mine=True)
        assert (answer.status_code, answer.json()["assignee_id"]) == (200, str(first))
    assert (await finance.one(what))["assignee"] == ""  # a person without a name
    second = await finance.desk.signed_in("finance", "all")
    async with finance.desk.shop.db.transaction() as conn:
        await persons.change_person(conn, second, "Lina Roux", "fr")
    await finance.put(what, case["id"], mine=True)
    assert (await finance.one(what))["assignee"] == "Lina Roux"
    await finance.put(what, case["id"], mine=False)
    assert (await finance.one(what))["assignee"] is None
    kind = f"{what.removesuffix('s')}_assigned"
    assert await finance.facts() == [(kind, str(first)), (kind, str(second)), (kind, None)]


async def test_a_dispute_keeps_its_owner_whatever_the_bank_says_next_and_a_closed_one_takes_none(
    finance: Finance, disputed: Disputed
) -> None:
    who = await finance.desk.signed_in("finance")
    case = await finance.one("disputes")
    await finance.put("disputes", case["id"], mine=True)
    (at_stripe,) = [one for one in disputed.standin.objects.values() if one["object"] == "dispute"]
    disputed.standin.move_dispute(at_stripe, "under_review")
    await disputed.told()
    assert (await finance.one("disputes"))["assignee_id"] == str(who)
    disputed.standin.move_dispute(at_stripe, "lost")
    await disputed.told()
    answer = await finance.put("disputes", case["id"], mine=False)
    assert (answer.status_code, answer.json()["code"]) == (409, "dispute_closed")
    assert (await disputed.stored()).assignee_id == who


async def test_a_refund_that_is_on_its_way_again_takes_no_owner(finance: Finance) -> None:
    await finance.desk.signed_in("finance")
    assert (await finance.desk.post("retry")).status_code == 204
    answer = await finance.put("refunds", finance.desk.refund_id, mine=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_not_failed")


@pytest.mark.parametrize("what", ["refunds", "disputes"])
async def test_an_unknown_case_is_not_found_and_others_have_no_door(finance: Finance, what: str) -> None:
    await finance.desk.signed_in("finance")
    assert (await finance.put(what, new_id(), mine=True)).status_code == 404
    case = await finance.one(what)
    others: list[tuple[Role, list[str]]] = [("box_office", []), ("finance", ["organiser", str(new_id())])]
    for role, scope in others:
        await finance.desk.signed_in(role, *scope)
        assert (await finance.put(what, case["id"], mine=True)).status_code == 403
