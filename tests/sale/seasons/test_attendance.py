"""The attendance rule: seats that stayed empty are counted, holders are told, and the office decides."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sale.seasons.conftest import Club
from tests.sale.ticketing.conftest import Box
from tests.sale.ticketing.test_transfers import FRIEND, accepted, enter, offered
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.seasons.acts import attendance
from virage.sale.seasons.acts.emails import notify
from virage.sale.seasons.jobs import SeasonJobs
from virage.sale.seasons.rules.attendance import AttendanceContent, Notice, notice_due
from virage.site.programme import acts as programme

AT = datetime(2026, 8, 1, tzinfo=UTC)
RULE = {"unused_warn": 1, "unused_max": 2}
EXCHANGE = {"open": True, "price_max_permille": 1000, "fee_permille": 0}


async def set_rule(club: Club, office: Box, revision: int | None = None, **changes: int) -> Any:
    body = RULE | changes | {"revision": revision}
    return await office.ask("PUT", f"/api/office/attendance/{club.earlier.id}", body)


async def seen(fan: Box, subscription: dict[str, Any]) -> dict[str, Any]:
    answer = await fan.ask("GET", f"/api/attendance/{subscription['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tickets(subscription: dict[str, Any], match: int) -> list[str]:
    return [line["ticket_id"] for line in subscription["events"][match]["order"]["lines"]]


async def after(club: Club, matches: int) -> None:
    """Let a day pass after so many matches, one a week, and let the job run."""
    start = (await club.system.rows("select min(ends_at) from programme.event"))[0][0]
    club.clock.advance(start + timedelta(days=1, hours=1, weeks=matches - 1) - club.clock.now())
    await SeasonJobs(club.clock).attend(club.system.db)


async def told(club: Club) -> list[str]:
    rows = await club.system.rows("select kind from people.letter where kind like 'attendance%' order by id")
    return [row["kind"] for row in rows]


async def test_a_holder_is_warned_of_empty_seats_and_the_office_decides_on_their_renewal(club: Club) -> None:
    fan, held = await club.holder("fan@example.org")
    present, theirs = await club.holder("present@example.org")
    for match in range(2):
        for ticket in tickets(theirs, match):
            await enter(club.system, ticket)
    await enter(club.system, tickets(held, 0)[0])
    once, absent_once = await club.holder("once@example.org", full=1)
    await enter(club.system, tickets(absent_once, 0)[0])
    assert (await set_rule(club, await club.last.office())).status_code == 200

    await after(club, 1)
    assert await told(club) == ["attendance_warned"]
    shown = await seen(fan, held)
    assert [(one["event_id"], one["seats"]) for one in shown["events"]] == [(held["events"][0]["event_id"], 1)]
    assert (shown["unused_warn"], shown["unused_max"], shown["notice"]) == (1, 2, "warned")
    assert (await seen(present, theirs))["events"] == []

    await after(club, 2)
    assert sorted(await told(club)) == ["attendance_reached", "attendance_warned", "attendance_warned"]
    assert [one["seats"] for one in (await seen(fan, held))["events"]] == [1, 2]
    await club.start(until=(club.clock.now() + timedelta(hours=20)).isoformat(), relocates_until=None)
    renewal = await club.renewal(fan)
    assert (renewal["state"], renewal["unused"], renewal["subscription"]) == ("listed", True, None)
    assert (await club.renewal(present))["state"] == "open"
    assert (await club.renewal(once))["state"] == "open", "a warning changes nothing yet"

    office = await club.last.office()
    body = {"decision": "give", "note": "She was ill."}
    answer = await office.ask("POST", f"/api/office/renewals/{renewal['id']}/decision", body)
    assert (answer.status_code, answer.json()["reason"]) == (200, "waiting")
    await club.run()
    assert (await club.renewal(fan))["state"] == "open"


async def test_a_seat_that_was_refunded_transferred_and_used_or_offered_to_others_was_not_empty(club: Club) -> None:
    fan, held = await club.holder("fan@example.org", full=3)
    first, second, third = tickets(held, 0)
    office = await club.last.office()
    transfer = await offered(fan, [first], FRIEND)
    assert (await accepted(await club.system.fan(FRIEND), transfer)).status_code == 200
    await enter(club.system, first)
    path = f"/api/office/events/{held['events'][0]['event_id']}/exchange"
    assert (await office.ask("PUT", path, EXCHANGE)).status_code == 200
    listing = {"id": str(new_id()), "tickets": [{"ticket_id": second, "price_cents": 1000}]}
    assert (await fan.ask("POST", "/api/exchange/listings", listing)).status_code == 201
    body = {"refund_id": str(new_id()), "ticket_ids": [third], "reason": "goodwill"}
    answer = await office.ask("POST", f"/api/office/orders/{held['events'][0]['order']['id']}/refund", body)
    assert answer.status_code in {200, 201}, answer.text
    await set_rule(club, office)
    await after(club, 1)
    assert ((await seen(fan, held))["events"], await told(club)) == ([], [])

    await after(club, 2)
    assert [one["seats"] for one in (await seen(fan, held))["events"]] == [3]


async def test_a_listing_that_its_seller_withdrew_leaves_the_seat_empty(club: Club) -> None:
    fan, held = await club.holder("fan@example.org", full=1)
    office = await club.last.office()
    path = f"/api/office/events/{held['events'][0]['event_id']}/exchange"
    assert (await office.ask("PUT", path, EXCHANGE)).status_code == 200
    body = {"id": str(new_id()), "tickets": [{"ticket_id": tickets(held, 0)[0], "price_cents": 1000}]}
    assert (await fan.ask("POST", "/api/exchange/listings", body)).status_code == 201
    assert (await fan.ask("POST", f"/api/exchange/listings/{body['id']}/withdraw")).status_code == 200
    await set_rule(club, office)
    await after(club, 1)
    assert len((await seen(fan, held))["events"]) == 1


async def test_an_event_counts_a_day_after_its_end_because_gates_report_late(club: Club) -> None:
    fan, held = await club.holder("fan@example.org", full=1)
    await set_rule(club, await club.last.office())
    start = (await club.system.rows("select min(ends_at) from programme.event"))[0][0]
    club.clock.advance(start + timedelta(hours=23) - club.clock.now())
    await SeasonJobs(club.clock).attend(club.system.db)
    assert ((await seen(fan, held))["events"], await told(club)) == ([], [])
    await after(club, 1)
    assert await told(club) == ["attendance_warned"]
    await enter(club.system, tickets(held, 0)[0])
    assert (await seen(fan, held))["events"] == [], "a scan that arrives later still counts"


async def test_a_cancelled_event_is_not_counted_also_before_its_refunds(club: Club) -> None:
    fan, held = await club.holder("fan@example.org", full=1)
    await set_rule(club, await club.last.office())
    async with club.system.db.transaction() as conn:
        await programme.cancel(conn, club.last.events[0], None, club.clock.now(), [])
    await after(club, 1)
    assert ((await seen(fan, held))["events"], await told(club)) == ([], [])


async def test_holders_are_told_once_also_if_the_job_is_interrupted(club: Club, monkeypatch: Any) -> None:
    monkeypatch.setattr(attendance, "LOOKED_AT_ONCE", 1)
    for name in ("one", "two", "three"):
        await club.holder(f"{name}@example.org", full=1)
    await set_rule(club, await club.last.office())
    calls = 0

    async def failing(*args: Any, **named: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError
        await notify(*args, **named)

    monkeypatch.setattr(attendance, "notify", failing)
    with pytest.raises(RuntimeError):
        await after(club, 1)
    assert await told(club) == ["attendance_warned"]
    for _ in range(2):
        await SeasonJobs(club.clock).attend(club.system.db)
    assert await told(club) == ["attendance_warned"] * 3


async def test_a_rule_has_one_revision_at_a_time_and_warns_before_its_limit(club: Club) -> None:
    office = await club.last.office()
    assert (await set_rule(club, office)).json()["revision"] == 1
    assert (await set_rule(club, office)).json()["revision"] == 1, "the same rule changes nothing"
    late = await set_rule(club, office, unused_max=4)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert (await set_rule(club, office, 1, unused_max=4)).json()["revision"] == 2
    wrong = await set_rule(club, office, 2, unused_warn=4, unused_max=4)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_input")


async def test_the_office_sees_holders_by_unused_events(club: Club) -> None:
    for name, used in (("one", 0), ("two", 1), ("three", 2)):
        _, held = await club.holder(f"{name}@example.org", full=1)
        for match in range(used):
            await enter(club.system, tickets(held, match)[0])
    await club.last.held(await club.system.fan("browses@example.org"), club.earlier)
    office = await club.last.office()
    await set_rule(club, office)
    await after(club, 1)
    await after(club, 2)
    office = await club.last.office()
    path = f"/api/office/attendance/{club.earlier.id}"
    report = (await office.ask("GET", path)).json()
    assert report["counts"] == [{"unused": unused, "holders": 1} for unused in range(3)]
    found = [(one["email"], one["unused"], one["notice"]) for one in report["holders"]]
    assert found == [("one@example.org", 2, "reached"), ("two@example.org", 1, "warned")]
    lines = (await office.ask("GET", f"{path}/holders.csv")).text.splitlines()
    assert [line.split(",")[2:] for line in lines[1:]] == [
        ["one@example.org", "2", "reached"],
        ["two@example.org", "1", "warned"],
        ["three@example.org", "0", ""],
    ]


async def test_another_club_and_another_fan_see_nothing(club: Club) -> None:
    _, held = await club.holder("fan@example.org", full=1)
    await set_rule(club, await club.last.office())
    other = await club.system.fan("other@example.org")
    assert (await other.ask("GET", f"/api/attendance/{held['id']}")).status_code == 404
    grant = Grant("programme", "organiser", new_id())
    stranger = await club.system.staff(grant, email="stranger@example.org")
    for method, path in (("GET", ""), ("PUT", ""), ("GET", "/holders.csv")):
        body = RULE if method == "PUT" else None
        answer = await stranger.ask(method, f"/api/office/attendance/{club.earlier.id}{path}", body)
        assert answer.status_code == 404


notices = st.lists(
    st.builds(Notice, st.sampled_from(["warned", "reached"]), st.integers(1, 20), st.just(AT)), max_size=2
)


@given(warn=st.integers(1, 10), more=st.integers(1, 10), unused=st.integers(0, 25), known=notices)
def test_the_limit_is_reached_only_by_an_event_after_the_warning(
    warn: int, more: int, unused: int, known: Sequence[Notice]
) -> None:
    due = notice_due(AttendanceContent(warn, warn + more), unused, known)
    warned = [one for one in known if one.kind == "warned"]
    if due == "warned":
        assert not warned
        assert unused >= warn
    elif due == "reached":
        assert warned
        assert unused > warned[0].unused
        assert unused >= warn + more
        assert all(one.kind == "warned" for one in known)


def test_a_holder_hears_each_thing_once_through_a_season() -> None:
    rule, known, heard = AttendanceContent(2, 4), list[Notice](), []
    for unused in range(8):
        for _ in range(2):
            due = notice_due(rule, unused, known)
            if due is not None:
                known.append(Notice(due, unused, AT))
                heard.append((due, unused))
    assert heard == [("warned", 2), ("reached", 4)]
    assert notice_due(rule, 6, []) == "warned"
    assert notice_due(rule, 6, [Notice("warned", 6, AT)]) is None
    assert notice_due(rule, 7, [Notice("warned", 6, AT)]) == "reached"
