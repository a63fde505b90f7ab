"""The identity check: its rule, the passes that it selects, what gates are told, and the outcomes."""

from base64 import b64decode
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matchday.access.conftest import HOUR, MINUTE, NOW, SECOND, Device, Ticket
from tests.matchday.access.test_devices import beat, bits, packed
from virage.matchday.access.reads.changes import changes_of
from virage.matchday.access.rules.decision import NameTerms, PassStatus, lacks_name
from virage.matchday.access.rules.identity import is_selected
from virage.platform.data.journal import Entry
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import acts as programme
from virage.site.programme.reads import event as event_of
from virage.site.programme.rules import content_of

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Evening

NAME = "Léa Martin"
SECRETS = st.binary(min_size=16, max_size=16)
NUMBERS = st.integers(0, 2**32 - 1)


@given(SECRETS, NUMBERS, st.integers(0, 100), st.integers(0, 100))
def test_a_larger_share_selects_the_same_passes_and_more(secret: bytes, number: int, one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert is_selected(secret, number, large) or not is_selected(secret, number, small)


@given(SECRETS, NUMBERS)
def test_no_share_selects_no_pass_and_the_whole_share_every_pass(secret: bytes, number: int) -> None:
    assert not is_selected(secret, number, 0)
    assert is_selected(secret, number, 100)


@given(SECRETS, st.integers(1, 99))
def test_a_share_of_the_passes_is_selected(secret: bytes, share: int) -> None:
    selected = sum(is_selected(secret, number, share) for number in range(2_000))
    assert abs(selected - 20 * share) < 200, "more than eight standard deviations"


@given(st.lists(SECRETS, min_size=2, max_size=2, unique=True))
def test_another_secret_selects_other_passes(secrets: list[bytes]) -> None:
    one, other = ([is_selected(secret, number, 50) for number in range(200)] for secret in secrets)
    assert one != other


@pytest.mark.parametrize(("trusted", "seconds", "lacks"), [(True, 0, True), (True, -1, False), (False, 0, False)])
def test_a_name_lacks_once_names_are_due_by_trusted_time(*, trusted: bool, seconds: int, lacks: bool) -> None:
    names, known = NameTerms(NOW, unnamed_to_desk=True), PassStatus(unnamed=True)
    assert lacks_name(names, known, NOW + seconds * SECOND, trusted=trusted) is lacks


async def opened(evening: "Evening", **rules: Any) -> None:
    """Publish the event with named tickets; names were due an hour before this time."""
    await evening.open(named_tickets=True, names_by=2, **rules)
    evening.knows("supervisor", Grant("supervisor"), person_id=await evening.steward(Grant("supervisor")))


async def set_rule(
    evening: "Evening", share: int, unnamed: str = "admit", revision: int | None = None
) -> dict[str, Any]:
    body = {"share_percent": share, "unnamed": unnamed, "revision": revision}
    answer = await evening.ask("supervisor", "PUT", f"/api/access/events/{evening.event_id}/identity", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def named(evening: "Evening", name: str | None, gate: str = "A1") -> Ticket:
    """A pass whose ticket carries a name, or none."""
    ticket = await evening.ticket(gate)
    await evening.rows(
        "insert into ticketing.ticket (id, order_id, event_id, place, tariff, price_cents, holder_name) "
        "select subject, $2, event_id, place, 0, 1000, $3 from passes.pass where subject = $1",
        ticket.subject,
        new_id(),
        name,
    )
    return ticket


async def board(evening: "Evening") -> dict[str, Any]:
    answer = await evening.ask("supervisor", "GET", f"/api/access/board/{evening.event_id}")
    found: dict[str, Any] = answer.json()
    return found


async def asked(evening: "Evening", device: Device, ticket: Ticket, **more: Any) -> dict[str, Any]:
    return (await evening.send(device, evening.scan(device, "ask", ticket, **more)))[0]


async def test_without_a_rule_nothing_is_checked_and_the_pack_has_no_names(evening: "Evening") -> None:
    await opened(evening)
    device, ticket, unnamed = evening.device(), await named(evening, NAME), await named(evening, None)
    assert (await packed(evening, device)).identity is None
    for shown in (ticket, unnamed):
        answer = await asked(evening, device, shown)
        assert (answer["outcome"], answer.keys() & {"identity_check", "holder_name", "unnamed"}) == ("admitted", set())
    assert (await board(evening))["identity"] == {"due": 0, "matched": 0, "mismatched": 0}


async def test_the_rule_is_set_at_its_revision_and_each_change_is_a_fact(evening: "Evening") -> None:
    await opened(evening)
    path = f"/api/access/events/{evening.event_id}/identity"
    first = (await evening.ask("supervisor", "GET", path)).json()
    assert (first["rule"], first["revision"]) == ({"share_percent": 0, "unnamed": "admit"}, None)
    assert (first["named_tickets"], first["names_due_at"]) == (True, (NOW - HOUR).isoformat().replace("+00:00", "Z"))
    stored = await set_rule(evening, 20)
    assert (stored["rule"]["share_percent"], stored["revision"], stored["set_by_name"]) == (20, 1, "Some Steward")
    assert await set_rule(evening, 20) == stored, "the same rule again changes nothing"
    old = await evening.ask("supervisor", "PUT", path, {"share_percent": 30, "unnamed": "desk"})
    assert (old.status_code, old.json()["code"], old.json()["data"]) == (409, "changed_meanwhile", {"revision": 1})
    assert (await set_rule(evening, 30, "desk", 1))["revision"] == 2
    facts = await evening.rows("select who, data from kernel.journal where what = 'identity_rule_set' order by seq")
    assert [fact["data"] for fact in facts] == [
        {"share_percent": 20, "unnamed": "admit"},
        {"share_percent": 30, "unnamed": "desk"},
    ]
    assert all(fact["who"] is not None for fact in facts)


async def test_an_event_whose_tickets_carry_no_names_has_no_rule(evening: "Evening") -> None:
    await evening.open()
    evening.knows("supervisor", Grant("supervisor"))
    path = f"/api/access/events/{evening.event_id}/identity"
    answer = await evening.ask("supervisor", "PUT", path, {"share_percent": 10, "unnamed": "admit"})
    assert (answer.status_code, answer.json()["code"]) == (409, "tickets_not_named")
    for share in (-1, 101):
        body = {"share_percent": share, "unnamed": "admit"}
        assert (await evening.ask("supervisor", "PUT", path, body)).status_code == 400
    assert await evening.rows("select from access.identity_rule") == []


async def test_a_supervisor_of_some_gates_reads_the_rule_and_does_not_set_it(evening: "Evening") -> None:
    await opened(evening)
    evening.knows("of A", Grant("supervisor", "gate", "A"))
    path = f"/api/access/events/{evening.event_id}/identity"
    assert (await evening.ask("of A", "GET", path)).status_code == 200
    assert (await evening.ask("of A", "PUT", path, {"share_percent": 10, "unnamed": "admit"})).status_code == 403


async def test_an_event_whose_tickets_lost_their_names_checks_nothing(evening: "Evening") -> None:
    await opened(evening)
    device, ticket = evening.device(), await named(evening, NAME)
    await set_rule(evening, 100)
    async with evening.db.transaction() as conn:
        event = await event_of(conn, evening.event_id)
        assert event is not None
        rules = msgspec.structs.replace(event.rules, named_tickets=False)
        content = content_of(msgspec.structs.replace(event, rules=rules))
        await programme.amend(conn, event.id, content, None, NOW)
    assert (await packed(evening, device)).identity is None
    assert "identity_check" not in await asked(evening, device, ticket)


async def test_the_server_and_the_pack_select_the_same_passes(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 50)
    device, tickets = evening.device(), [await named(evening, f"Fan {at}") for at in range(12)]
    identity = (await packed(evening, device)).identity
    assert identity is not None
    assert (identity.share_percent, identity.due_at, identity.unnamed_to_desk) == (50, NOW - HOUR, False)
    secret = b64decode(identity.secret)
    chosen = {ticket.number for ticket in tickets if is_selected(secret, ticket.number, 50)}
    assert {number for number, _ in identity.names} == chosen
    for at, ticket in enumerate(tickets):
        answer = await asked(evening, device, ticket)
        assert (answer.get("identity_check", False), answer.get("holder_name")) == (
            ticket.number in chosen,
            f"Fan {at}" if ticket.number in chosen else None,
        )


async def test_names_travel_to_the_gates_of_their_group_while_the_event_is_active(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100)
    device, here, there = evening.device(), await named(evening, NAME), await named(evening, "Noé Petit", "B1")
    none = await named(evening, None)
    identity = (await packed(evening, device)).identity
    assert identity is not None
    assert identity.names == ((here.number, NAME),)
    assert bits(identity.unnamed) == {none.number}
    assert there.number != here.number
    evening.clock.advance(-30 * HOUR)
    early = (await packed(evening, device)).identity
    assert early is not None
    assert (early.names, early.unnamed) == ((), "")


async def test_no_name_is_stored_with_a_scan_and_a_repeated_scan_gets_it_again(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100)
    device, ticket = evening.device(), await named(evening, NAME)
    body = evening.scan(device, "ask", ticket)
    (first,), (again,) = await evening.send(device, body), await evening.send(device, body)
    assert first == again
    assert first["holder_name"] == NAME
    stored = await evening.rows("select answer::text, scan::text as scan from access.scan")
    assert all(NAME not in row["answer"] + row["scan"] for row in stored)
    facts = await evening.rows("select data::text as data from kernel.journal")
    assert all(NAME not in (row["data"] or "") for row in facts)


async def test_a_changed_rule_reloads_the_pack(evening: "Evening") -> None:
    await opened(evening)
    device = evening.device()
    version = (await packed(evening, device)).version
    await beat(evening, device, version=version)
    await set_rule(evening, 10)
    heard = await beat(evening, device, version=version)
    assert heard["reload"] is True


async def test_a_ticket_without_a_name_is_sent_to_the_desk_once_names_are_due(evening: "Evening") -> None:
    await opened(evening)
    device, ticket = evening.device(), await named(evening, None)
    await set_rule(evening, 0, "desk")
    answer = await asked(evening, device, ticket)
    assert (answer["outcome"], answer["reason"]) == ("refused", "unnamed")
    await evening.rows("update ticketing.ticket set holder_name = $1", NAME)
    named_now = await asked(evening, device, ticket)
    assert (named_now["outcome"], named_now.get("identity_check", False)) == ("admitted", False)


async def test_a_ticket_without_a_name_that_is_admitted_is_shown_as_unnamed(evening: "Evening") -> None:
    await opened(evening)
    device, ticket = evening.device(), await named(evening, None)
    await set_rule(evening, 100)
    answer = await asked(evening, device, ticket)
    assert (answer["outcome"], answer["unnamed"], answer.get("identity_check", False)) == ("admitted", True, False)


async def test_an_accreditation_is_never_checked(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100, "desk")
    device, other = evening.device(), await evening.ticket()
    answer = await asked(evening, device, other)
    assert (answer["outcome"], answer.get("identity_check", False)) == ("admitted", False), "its subject is no ticket"


async def test_a_mismatch_takes_the_entry_back_and_the_owner_can_still_enter(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100)
    device, far, ticket = evening.device(), evening.device("A2"), await named(evening, NAME)
    version = (await packed(evening, far)).version
    await beat(evening, far, version=version)
    await asked(evening, device, ticket)
    heard = await beat(evening, far, version=version)
    assert [number for number, *_ in heard["inside"]] == [ticket.number]
    entered = "select entered_at is not null as entered from passes.pass where number = $1 and event_id = $2"
    assert (await evening.rows(entered, ticket.number, evening.event_id))[0]["entered"]
    evening.clock.advance(5 * SECOND)
    (noted,) = await evening.send(device, evening.scan(device, "mismatched", pass_number=ticket.number))
    assert noted["outcome"] == "noted"
    assert not (await evening.rows(entered, ticket.number, evening.event_id))[0]["entered"]
    gone = await beat(evening, far, version=heard["version"])
    assert [number for number, _ in gone["absent"]] == [ticket.number]
    found = await board(evening)
    assert (found["inside"], found["admitted"]) == (0, 0)
    assert next(gate for gate in found["gates"] if gate["code"] == "A1")["entries"] == 0
    assert found["identity"] == {"due": 1, "matched": 0, "mismatched": 1}
    evening.clock.advance(MINUTE)
    answer = await asked(evening, far, ticket)
    assert (answer["outcome"], answer["identity_check"]) == ("admitted", True)
    await evening.send(far, evening.scan(far, "matched", pass_number=ticket.number))
    assert (await board(evening))["identity"] == {"due": 1, "matched": 1, "mismatched": 0}
    assert (await board(evening))["duplicates_open"] == 0


async def test_outcomes_of_an_offline_gate_are_uploaded_in_any_order_with_device_and_time(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100)
    device, one, other = evening.device(), await named(evening, NAME), await named(evening, "Noé Petit")
    at = evening.clock.now()
    bodies = [
        evening.scan(device, "passed", one, offline=True),
        evening.scan(device, "matched", pass_number=one.number, offline=True),
        evening.scan(device, "passed", other, offline=True),
        evening.scan(device, "mismatched", pass_number=other.number, offline=True),
    ]
    await evening.send(device, *reversed(bodies))
    inside = await evening.rows("select pass_number from access.presence where state = 'inside'")
    assert [row["pass_number"] for row in inside] == [one.number]
    assert (await board(evening))["identity"] == {"due": 2, "matched": 1, "mismatched": 1}
    lines = await evening.rows(
        "select kind, device_id, at, pass_number from access.scan where kind like '%matched' order by kind"
    )
    assert [tuple(line) for line in lines] == [
        ("matched", device.id, at, one.number),
        ("mismatched", device.id, at, other.number),
    ]
    path = f"/api/access/events/{evening.event_id}/passes/{other.number}"
    history = (await evening.ask("supervisor", "GET", path)).json()
    assert {scan["kind"] for scan in history["scans"]} == {"passed", "mismatched"}


async def test_a_mismatch_of_another_device_takes_nothing_back(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100)
    device, other, ticket = evening.device(), evening.device("A2"), await named(evening, NAME)
    await asked(evening, device, ticket)
    await evening.send(other, evening.scan(other, "mismatched", pass_number=ticket.number))
    await evening.send(device, evening.scan(device, "mismatched", pass_number=ticket.number, training=True))
    inside = await evening.rows("select pass_number from access.presence where state = 'inside'")
    assert [row["pass_number"] for row in inside] == [ticket.number]


async def test_a_mismatch_at_a_turnstile_ends_the_pending_admission(evening: "Evening") -> None:
    await opened(evening)
    await set_rule(evening, 100)
    device, ticket = evening.device(), await named(evening, NAME)
    gate = f"/api/access/events/{evening.event_id}/gates/A1"
    assert (await evening.ask("supervisor", "PUT", gate, {"turnstile": True})).status_code == 204
    answer = await asked(evening, device, ticket)
    assert answer["pending_until"] is not None
    await evening.send(device, evening.scan(device, "mismatched", pass_number=ticket.number))
    (row,) = await evening.rows("select state, entries from access.presence")
    assert tuple(row) == (None, 0)


@pytest.mark.parametrize("again", [True, False])
def test_gates_hear_the_last_presence_of_a_pass(*, again: bool) -> None:
    def fact(inside: bool, gate: str, seconds: int) -> Entry:
        data = {"numbers": [7], "inside": [inside], "gates": [gate], "since": [seconds]}
        return Entry("0.0", seconds, NOW + timedelta(seconds=seconds), "passes_crossed", None, new_id(), data)

    facts = [fact(True, "A1", 1), fact(False, "", 2), *([fact(True, "A1", 3)] if again else [])]
    found = changes_of(facts, "0.0")
    assert [number for number, *_ in found.inside] == ([7] if again else [])
    assert found.absent == ([] if again else [(7, NOW + 2 * SECOND)])
