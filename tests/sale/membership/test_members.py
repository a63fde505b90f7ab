"""Members: import, sign-in of imported members, cancellation, reminders, retention and erasure."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.conftest import FakeClock
from tests.sale.membership.conftest import NEXT_TERM, Club, a_tier
from tests.sale.ticketing.conftest import Box
from virage.app.persons import PERSON_ERASED, PERSON_EXPORTS
from virage.identity.people.acts.erase import erase
from virage.identity.people.api import ensure_fan
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.store import emails
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.membership.acts import members
from virage.sale.membership.acts.importing import import_members
from virage.sale.membership.acts.tiers import set_tier
from virage.sale.membership.jobs import MembershipJobs
from virage.sale.membership.rules.importing import ImportRow
from virage.sale.membership.rules.terms import Tier
from virage.sale.membership.store.tiers import lock_registers
from virage.site.programme.acts import add_organiser
from virage.site.programme.rules import Organiser

CSV = {"content-type": "text/csv"}
WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def send(office: Box, club: Club, text: str, action: str = "") -> httpx.Response:
    path = f"/api/office/membership/import{action}?organiser_id={club.organiser_id}"
    return await office.browser.post(path, content=text.encode(), headers=CSV)


def file(*rows: str) -> str:
    return "\n".join(("number,email,tier", *rows))


async def imported(club: Club, *rows: str) -> dict[str, Any]:
    answer = await send(await club.office(), club, file(*rows))
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def numbers(club: Club) -> list[int]:
    rows = await club.system.rows("select number from membership.member where number is not null order by number")
    return [row["number"] for row in rows]


async def claim(club: Club, email: str) -> Box:
    """Sign in with an address that was proved by a code."""
    box, person_id = await club.system.fan(email), await person(club, email)
    async with club.system.db.transaction() as conn:
        await members.claim(conn, person_id, email, club.system.clock.now())
    return box


async def person(club: Club, email: str) -> UUID:
    async with club.system.db.transaction() as conn:
        return await ensure_fan(conn, email, None, club.system.clock.now())


async def test_a_file_with_a_defect_changes_nothing_and_all_are_told(club: Club) -> None:
    await club.tier()
    office = await club.office()
    broken = file("104,a@example.org,Gold", "x,b@example.org,Gold", "105,nonsense,Gold")
    checked = await send(office, club, broken, "/check")
    assert [defect["code"] for defect in checked.json()["defects"]] == ["number_invalid", "email_invalid"]
    refused = await send(office, club, broken)
    assert (refused.status_code, refused.json()["code"]) == (422, "import_defects")
    assert refused.json()["data"]["defects"] == checked.json()["defects"]
    assert await numbers(club) == []


async def test_imported_members_get_their_membership_with_the_account_or_the_sign_in_of_their_address(
    club: Club,
) -> None:
    await club.tier()
    fan = await club.system.fan("known@example.org")
    result = await imported(club, "104,known@example.org,Gold", "90,f.an+x@googlemail.com,Or")
    assert (result["new_members"], result["linked"], result["defects"]) == (2, 1, [])
    (mine,) = await club.memberships(fan)
    assert (mine["number"], mine["state"], mine["tier"]["en"]) == (104, "active", "Gold")
    later = await claim(club, "fan@gmail.com")
    (theirs,) = await club.memberships(later)
    assert theirs["number"] == 90
    assert await club.letters() == ["membership_begun", "membership_begun"]
    stored = await club.system.rows("select email, mailbox from membership.member")
    assert [tuple(row) for row in stored] == [(None, None), (None, None)]  # the account has the address


async def test_the_code_of_a_sign_in_gives_the_membership(club: Club, db: Database, config: Config) -> None:
    await club.tier()
    await imported(club, "104,new@example.org,Gold")
    browser = club.system.browser()
    asked = await browser.ask("POST", "/api/sign-in/codes", {"email": "new@example.org"})
    assert asked.status_code == 202
    code = await sign_in_code(db, config)
    signed_in = await browser.ask("POST", "/api/sign-in", {"email": "new@example.org", "code": code})
    assert signed_in.status_code == 200, signed_in.text
    (mine,) = await club.memberships(browser)
    assert mine["number"] == 104


async def sign_in_code(db: Database, config: Config) -> str:
    async with db.connection() as conn:
        (row,) = await conn.fetch(
            "select id from people.letter where kind like '%sign_in_code' order by id desc limit 1"
        )
        email = (await emails.waiting_emails(conn, [people_config_of(config).keys], [row["id"]]))[row["id"]]
    assert email is not None
    return email.secret["code"].replace(" ", "")


async def test_a_second_import_of_a_file_changes_nothing_and_new_numbers_follow_the_highest(club: Club) -> None:
    tier = await club.tier()
    rows = ("104,a@example.org,Gold", "7,b@example.org,Gold")
    await imported(club, *rows)
    again = await imported(club, *rows)
    assert (again["unchanged"], again["memberships"]) == (2, 0)
    joined = await club.joined(await club.system.fan("c@example.org"), tier)
    assert joined["number"] == 105
    assert await numbers(club) == [7, 104, 105]


async def test_an_imported_member_who_was_paying_keeps_the_imported_membership(club: Club) -> None:
    tier = await club.tier()
    fan = await club.system.fan("a+b@gmail.com")  # the import does not know this spelling
    membership_id, payment_id = await club.asked(fan, tier)
    await imported(club, "104,a@gmail.com,Gold")
    await claim(club, "a+b@gmail.com")
    await club.system.news(payment_id)
    states = {one["id"]: (one["state"], one["number"]) for one in await club.memberships(fan)}
    assert states.pop(str(membership_id)) == ("failed", 104)
    assert list(states.values()) == [("active", 104)]
    assert await club.refunds() == {payment_id: 3000}


async def test_a_person_with_another_number_keeps_it_and_the_imported_one_waits_for_the_office(club: Club) -> None:
    tier = await club.tier()
    await imported(club, "104,a@gmail.com,Gold")
    fan = await club.system.fan("a+b@gmail.com")
    await club.joined(fan, tier)
    await claim(club, "a+b@gmail.com")
    assert [one["number"] for one in await club.memberships(fan)] == [105]
    waiting = await club.system.rows("select number from membership.member where email is not null")
    assert [row["number"] for row in waiting] == [104]


async def test_the_office_finds_members_by_number_address_and_name(club: Club) -> None:
    tier, office = await club.tier(), await club.office()
    await imported(club, "104,waiting@example.org,Gold")
    fan = await club.system.fan("fan@example.org")
    await club.joined(fan, tier)
    assert (await fan.ask("PATCH", "/api/me", {"name": "Maëlle Martin"})).status_code == 200
    path = f"/api/office/membership/members?organiser_id={club.organiser_id}&search="
    for wanted, found in (
        ("104", [104]),
        ("maëlle", [105]),
        ("fan@example.org", [105]),
        ("waiting@", [104]),
        ("", [104, 105]),
        ("10", []),
        ("nothing", []),
    ):
        listed = (await office.ask("GET", path + wanted)).json()
        assert [one["number"] for one in listed["members"]] == found, wanted
    other = await club.system.staff(Grant("box_office", "organiser", new_id()), email="other@example.org")
    assert (await other.ask("GET", path)).status_code == 403


@pytest.mark.parametrize("refund", [True, False])
async def test_the_office_cancels_a_membership_with_or_without_its_money(club: Club, *, refund: bool) -> None:
    tier, office, fan = await club.tier(), await club.office(), await club.system.fan()
    membership_id, payment_id = await club.asked(fan, tier)
    path = f"/api/office/membership/{membership_id}/cancel"
    body = {"reason": "Moved abroad", "refund_id": str(new_id()) if refund else None}
    assert (await office.ask("POST", path, body)).json()["code"] == "membership_not_active"
    await club.system.news(payment_id)
    cancelled = await office.ask("POST", path, body)
    assert (cancelled.json()["state"], cancelled.json()["refunded_cents"]) == ("cancelled", 3000 if refund else 0)
    assert (await office.ask("POST", path, body)).json() == cancelled.json()  # repeated
    assert await club.refunds() == ({payment_id: 3000} if refund else {})
    assert (await club.letters())[-1] == "membership_cancelled"
    again = await club.joined(fan, tier)
    assert (again["state"], again["number"]) == ("active", 1)  # the number is theirs for life
    other = await club.system.staff(Grant("box_office", "organiser", new_id()), email="other@example.org")
    assert (await other.ask("POST", path, body)).status_code == 404


async def test_members_are_reminded_once_of_the_end_of_a_term_unless_they_have_renewed(
    club: Club, clock: FakeClock
) -> None:
    tier, following = await club.tier(), await club.tier(**NEXT_TERM)
    fan, renewed = await club.system.fan(), await club.system.fan("renewed@example.org")
    await club.joined(fan, tier)
    await club.joined(renewed, tier)
    await club.joined(renewed, following)
    jobs = MembershipJobs(club.system.db, clock, club.system_zone)
    await jobs.run()
    assert "membership_ends_soon" not in await club.letters()
    clock.advance(timedelta(days=23))
    await jobs.run()
    await jobs.run()
    assert (await club.letters()).count("membership_ends_soon") == 1


async def test_the_address_of_an_imported_member_is_deleted_with_the_end_of_the_term(
    club: Club, clock: FakeClock
) -> None:
    await club.tier()
    await imported(club, "104,a@example.org,Gold")
    jobs = MembershipJobs(club.system.db, clock, club.system_zone)
    clock.advance(timedelta(days=52))  # the last day of the term
    await jobs.run()
    assert await addresses(club) == ["a@example.org"]
    clock.advance(timedelta(days=1))
    await jobs.run()
    assert await addresses(club) == []
    assert await numbers(club) == [104]


async def test_a_number_without_an_address_is_imported_again_for_a_person_who_began_to_join(
    club: Club, clock: FakeClock
) -> None:
    await club.tier()
    following = await club.tier(**NEXT_TERM)
    later = await club.tier(
        starts_on=date(2027, 7, 1), ends_on=date(2028, 6, 30), name={"fr": "L", "en": "L", "de": "L"}
    )
    await imported(club, "17,a@example.org,Gold", "18,b@example.org,Gold")
    clock.advance(timedelta(days=60))
    await MembershipJobs(club.system.db, clock, club.system_zone).run()
    assert await addresses(club) == []
    fan = await club.system.fan("a@example.org")
    unpaid, payment_id = await club.asked(fan, following)
    other, other_payment_id = await club.asked(fan, later)
    office = await club.office()
    rows = file("17,a@example.org,Gold", "18,b@example.org,Gold")
    checked = (await send(office, club, rows, "/check")).json()
    assert (checked["defects"], checked["memberships"], checked["new_members"]) == ([], 2, 0)
    result = await imported(club, "17,a@example.org,Gold", "18,b@example.org,Gold")
    assert (result["memberships"], result["new_members"], result["linked"]) == (2, 0, 1)
    await club.system.news(payment_id)
    await club.system.news(other_payment_id)
    states = {one["id"]: (one["state"], one["number"]) for one in await club.memberships(fan)}
    assert (states.pop(str(unpaid)), states.pop(str(other))) == (("failed", 17), ("active", 17))
    assert sorted(states.values()) == [("active", 17), ("over", 17)]
    assert await club.refunds() == {payment_id: 3000}
    assert await numbers(club) == [17, 18]
    assert (await imported(club, "17,a@example.org,Gold"))["unchanged"] == 1


async def addresses(club: Club) -> list[str]:
    rows = await club.system.rows("select email from membership.member where email is not null")
    return [row["email"] for row in rows]


async def test_an_account_that_was_opened_beside_an_import_is_linked_by_the_job(club: Club, clock: FakeClock) -> None:
    await club.tier()
    await imported(club, "104,a@example.org,Gold")
    fan = await club.system.fan("a@example.org")
    assert await club.memberships(fan) == []
    await MembershipJobs(club.system.db, clock, club.system_zone).run()
    assert [one["number"] for one in await club.memberships(fan)] == [104]


async def test_the_job_locks_the_registers_of_a_person_in_order(club: Club, clock: FakeClock) -> None:
    first, second = sorted([club.organiser_id, new_id()])
    async with club.system.db.transaction() as conn:
        for number, organiser_id in enumerate((first, second), 17):
            await add_organiser(conn, Organiser(organiser_id, "A club"), None, clock.now())
            tier = await set_tier(conn, new_id(), organiser_id, a_tier(), who=None, now=clock.now())
            assert isinstance(tier, Tier)
            rows = [ImportRow(2, number, "a@example.org", tier)]
            await import_members(conn, organiser_id, rows, [], who=None, now=clock.now())
    fan = await club.system.fan("a@example.org")
    async with asyncio.timeout(20):
        async with club.system.db.transaction() as conn:
            await lock_registers(conn, [first])
            job = asyncio.create_task(MembershipJobs(club.system.db, clock, club.system_zone).run())
            while not await club.system.rows(WAITING):  # noqa: ASYNC110 - another connection sets no event
                await asyncio.sleep(0.01)
            await conn.execute(
                "select from membership.register where organiser_id = $1 for no key update nowait", second
            )
        await job
    assert [one["number"] for one in await club.memberships(fan)] == [17, 18]


async def test_erasure_removes_the_person_and_keeps_the_number_used(
    club: Club, db: Database, config: Config, clock: Clock
) -> None:
    tier, fan = await club.tier(), await club.system.fan("a+b@gmail.com")
    await club.joined(fan, tier)
    await imported(club, "104,a@gmail.com,Gold")  # the same mailbox, which waits for the office
    other = await club.system.fan("other@example.org")
    _, payment_id = await club.asked(other, tier)
    for email in ("a+b@gmail.com", "other@example.org"):
        person_id = await person(club, email)
        async with db.transaction() as conn:
            keys = people_config_of(config).keys
            assert await erase(conn, keys, person_id, PERSON_ERASED, upcoming=None, now=clock.now()) is None
    stored = await club.system.rows("select number, person_id, email from membership.member")
    assert {tuple(row) for row in stored} == {(1, None, None), (104, None, None), (None, None, None)}
    await club.system.news(payment_id)  # captured after the erasure
    assert await club.refunds() == {payment_id: 3000}
    states = await club.system.rows("select state, cancel_reason from membership.membership order by state")
    assert [tuple(row) for row in states] == [("cancelled", None), ("cancelled", None), ("failed", None)]
    refused = await send(await club.office(), club, file("1,someone@example.org,Gold"))
    assert [defect["code"] for defect in refused.json()["data"]["defects"]] == ["number_taken"]
    assert (await club.joined(await club.system.fan("new@example.org"), tier))["number"] == 105


async def test_the_export_of_a_person_has_their_memberships_with_the_reason_of_a_cancellation(
    club: Club, db: Database, clock: Clock
) -> None:
    tier, fan = await club.tier(), await club.system.fan("a@example.org")
    begun = await club.joined(fan, tier)
    person_id = await person(club, "a@example.org")
    async with db.transaction() as conn:
        await members.cancel(conn, UUID(begun["id"]), "Asked by phone", None, who=None, now=clock.now())
        (mine,) = await PERSON_EXPORTS["membership"](conn, person_id)
    assert (mine.number, mine.state, mine.cancel_reason) == (1, "cancelled", "Asked by phone")
