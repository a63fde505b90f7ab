"""Two venues on one evening, with the same local codes of gates."""

from base64 import b64decode
from datetime import UTC
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.venues import ARENA, arena, install, put_event, rebuilt
from virage.demo.venues.drawing import stadium
from virage.identity.people import acts as people
from virage.identity.people.rules.devices import DeviceUpdate
from virage.identity.people.rules.pins import PinVerifier
from virage.matchday.access.reads import accreditations
from virage.matchday.access.reads.gate_readings import GateReadings
from virage.matchday.access.rules.accreditations import Accreditation
from virage.matchday.access.rules.pack import Pack
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import api as programme

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Device, Evening

PIN = PinVerifier(b"salt", 1, b"verifier")
HERE, THERE = "A1", "arena.A1"


class Both(NamedTuple):
    """An event at each venue."""

    here: "Evening"
    there: "Evening"


@pytest.fixture
async def both(evening: "Evening", monkeypatch: pytest.MonkeyPatch) -> Both:
    there = evening.beside()
    await evening.open()
    await there.open()
    await install(evening.db, monkeypatch, arena())
    async with there.db.transaction() as conn:
        await put_event(conn, there.event_id, arena().version)
    return Both(evening, there)


async def board(evening: "Evening", who: str) -> Any:
    return await evening.ask(who, "GET", f"/api/access/board/{evening.event_id}")


async def pack_of(evening: "Evening", device: "Device") -> Pack:
    answer = await evening.ask(str(device.id), "GET", f"/api/access/pack/{evening.event_id}")
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(b64decode(answer.json()["body"]), type=Pack)


async def move_device(evening: "Evening", device: "Device", *posts: str) -> None:
    """Move a device as the office does, and let its token have the new posts."""
    await evening.paired()
    actor = evening.knows("mover", Grant("admin"), person_id=await evening.steward(Grant("admin"), email="m@x.org"))
    who = next(found for found in evening.principals.values() if found.id == actor)
    async with evening.db.transaction() as conn:
        change = DeviceUpdate(f"Device {device.gate}", list(posts))
        assert await people.change_device(conn, who, device.id, change, evening.clock.now()) is None
    token, old = next((hash_, found) for hash_, found in evening.principals.items() if found.id == device.id)
    grants = tuple(Grant("gate", "gate", post) for post in posts)
    evening.principals[token] = msgspec.structs.replace(old, grants=grants)


async def test_gates_with_the_same_local_code_count_for_their_own_event(both: Both) -> None:
    for evening, gate in zip(both, (HERE, THERE), strict=True):
        device = evening.device(gate)
        (answer,) = await evening.send(device, evening.scan(device, "ask", await evening.ticket()))
        assert (answer["outcome"], answer["place_label"]["gate_group"]) == ("admitted", "A")
    both.here.knows("supervisor", Grant("supervisor"))
    for evening, gate in zip(both, (HERE, THERE), strict=True):
        shown = (await board(evening, "supervisor")).json()
        assert (shown["inside"], shown["admitted"]) == (1, 1)
        assert {line["code"] for line in shown["gates"] if line["entries"]} == {gate}
        assert [device["gate"] for device in shown["devices"]] == []
        assert len(shown["gates"]) == len(stadium().gates)


async def test_a_device_decides_nothing_at_the_other_venue(both: Both) -> None:
    device, ticket = both.here.device(HERE), await both.there.ticket()
    scans = [both.there.scan(device, kind, ticket, gate=gate) for kind in ("ask", "passed") for gate in (HERE, THERE)]
    answers = await both.there.send(device, *scans)
    assert {(answer["outcome"], answer["reason"]) for answer in answers} == {("refused", "not_your_gate")}
    assert await both.there.rows("select from access.scan") == []


async def test_a_device_gets_nothing_of_an_event_at_the_other_venue(both: Both) -> None:
    device = both.here.device("A")
    device.gate = HERE
    who, there = str(device.id), both.there.event_id
    own = {gate.code for gate in stadium().gates if gate.group == "A"}
    assert set((await pack_of(both.here, device)).gates) == own
    assert (await both.here.ask(who, "GET", f"/api/access/pack/{there}")).status_code == 404
    assert (await both.here.ask(who, "GET", f"/api/access/holders/{there}?q=someone")).json() == []
    for gate in (HERE, THERE):
        beat = {"event_id": str(there), "gate": gate, "at": both.here.clock.now().isoformat()}
        assert (await both.here.ask(who, "POST", "/api/access/heartbeat", beat)).status_code == 403
    listed = (await both.here.ask(who, "GET", "/api/access/events")).json()["events"]
    assert [(event["id"], event["venue"]) for event in listed] == [(str(both.here.event_id), stadium().name)]


async def test_a_wrong_gate_names_the_right_gate_of_the_same_venue(both: Both) -> None:
    device = both.there.device(THERE)
    (answer,) = await both.there.send(device, both.there.scan(device, "ask", await both.there.ticket("B1")))
    assert answer["reason"] == "wrong_gate"
    assert answer["data"]["gate"].startswith("arena.B")
    hints = (await pack_of(both.there, device)).hints
    assert hints[THERE]["B"].gate == answer["data"]["gate"]


async def test_a_pass_of_the_other_venue_is_one_of_another_event_which_the_pack_names(both: Both) -> None:
    device, ticket = both.there.device(THERE), await both.here.ticket()
    (answer,) = await both.there.send(device, both.there.scan(device, "ask", ticket))
    assert (answer["outcome"], answer["reason"]) == ("refused", "other_event")
    (other,) = (await pack_of(both.there, device)).others
    assert (other.id, other.title["en"], other.venue) == (
        both.here.event_id,
        "Virage against Visitors",
        stadium().name,
    )
    at_home = both.here.beside()
    await at_home.open()
    await at_home.ticket()
    (of_venue,) = [
        event for event in (await pack_of(both.here, both.here.device(HERE))).others if event.id == at_home.event_id
    ]
    assert of_venue.venue is None


async def test_a_device_that_moved_to_the_other_venue_uploads_what_it_scanned_before(both: Both) -> None:
    device = both.here.device(HERE)
    ticket, late = await both.here.tickets(2)
    waiting = both.here.scan(device, "passed", ticket, offline=True)
    await move_device(both.here, device, "arena.A")
    (answer,) = await both.here.send(device, waiting)
    assert (answer["outcome"], answer.get("reason")) == ("noted", None)
    (row,) = await both.here.rows("select event_id, gate, state from access.presence")
    assert tuple(row) == (both.here.event_id, HERE, "inside")
    (asked,) = await both.here.send(device, both.here.scan(device, "ask", late))
    assert asked["reason"] == "not_your_gate", "it works at its new posts only"
    (elsewhere,) = await both.here.send(device, both.here.scan(device, "passed", late, gate="B1"))
    assert elsewhere["reason"] == "not_your_gate", "it never stood there"
    who = str(device.id)
    assert (await both.here.ask(who, "GET", f"/api/access/pack/{both.here.event_id}")).status_code == 404
    listed = (await both.here.ask(who, "GET", "/api/access/events")).json()["events"]
    assert [event["id"] for event in listed] == [str(both.there.event_id)]
    device.gate = THERE
    assert set((await pack_of(both.there, device)).gates) == {gate.code for gate in arena().gates if gate.group == "A"}
    (there,) = await both.there.send(device, both.there.scan(device, "ask", await both.there.ticket()))
    assert there["outcome"] == "admitted"


async def test_uploads_of_posts_that_a_device_left_a_week_ago_are_refused(both: Both) -> None:
    device, ticket = both.here.device(HERE), await both.here.ticket()
    waiting = both.here.scan(device, "passed", ticket, offline=True)
    await move_device(both.here, device, THERE)
    await both.here.rows("update people.device set moved_at = moved_at - interval '7 days' returning id")
    (answer,) = await both.here.send(device, waiting)
    assert (answer["outcome"], answer["reason"]) == ("refused", "not_your_gate")


async def test_supervision_of_one_venue_ends_at_the_other(both: Both) -> None:
    both.here.knows("venue", Grant("supervisor", "venue", ARENA))
    both.here.knows("gate", Grant("supervisor", "gate", "arena.A"))
    for who in ("venue", "gate"):
        assert (await board(both.there, who)).status_code == 200
        assert (await board(both.here, who)).status_code == 404
        for evening, gate, status in (
            (both.there, THERE, 204),
            (both.here, HERE, 404),
            (both.there, HERE, 404),  # the arena has no gate of this code
        ):
            path = f"/api/access/events/{evening.event_id}/gates/{gate}"
            assert (await evening.ask(who, "PUT", path, {"closed": False})).status_code == status, (who, path)
    zone = f"/api/access/events/{both.there.event_id}/zones/N"
    assert (await both.there.ask("venue", "PUT", zone, {"full": False})).status_code == 204
    assert (await both.there.ask("gate", "PUT", zone, {"full": False})).status_code == 403
    assert (await both.here.ask("venue", "GET", "/api/access/bans/club")).status_code == 403, "bans are for all venues"


@pytest.mark.parametrize(
    ("grant", "admitted"),
    [
        (Grant("steward", "venue", ARENA), True),
        (Grant("steward", "gate", "arena.A"), True),
        (Grant("steward", "gate", "A"), False),
        (Grant("steward", "venue", "stadium"), False),
    ],
    ids=str,
)
async def test_an_override_needs_a_steward_of_the_venue(both: Both, grant: Grant, admitted: bool) -> None:
    device, steward = both.there.device(THERE), await both.there.steward(grant)
    said = {"override": "no_phone", "person_id": steward, "code": None}
    (answer,) = await both.there.send(device, both.there.scan(device, "passed", await both.there.ticket(), **said))
    assert answer.get("reason") == (None if admitted else "no_steward")
    at_home, own = both.here.device(HERE), await both.here.ticket()
    (home,) = await both.here.send(at_home, both.here.scan(at_home, "passed", own, **said))
    assert home.get("reason") == ("no_steward" if admitted else None)


async def test_a_pack_has_the_stewards_of_its_own_venue(both: Both) -> None:
    for email, grant in (
        ("venue@x.org", Grant("steward", "venue", ARENA)),
        ("group@x.org", Grant("steward", "gate", "arena.A")),
        ("home@x.org", Grant("steward", "gate", "A")),
        ("stadium@x.org", Grant("steward", "venue", "stadium")),
    ):
        person_id = await both.there.steward(grant, email=email, name=email.partition("@")[0])
        async with both.there.db.transaction() as conn:
            await people.set_pin(conn, person_id, PIN, both.there.clock.now())
    there = await pack_of(both.there, both.there.device(THERE))
    assert {entry.name: entry.posts for entry in there.roster} == {"venue": None, "group": ["arena.A"]}
    here = await pack_of(both.here, both.here.device(HERE))
    assert {entry.name: entry.posts for entry in here.roster} == {"stadium": None, "home": ["A"]}


async def test_labels_and_zones_are_those_of_the_version_of_the_event(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = both.here.beside()
    await later.open()
    await install(later.db, monkeypatch, rebuilt())
    async with later.db.transaction() as conn:
        await put_event(conn, later.event_id, rebuilt().version)
    stand = next(stand.name for stand in stadium().stands if stand.code == "N")
    for evening, name in ((both.here, stand), (later, "Rebuilt")):
        device = evening.device(HERE)
        (answer,) = await evening.send(device, evening.scan(device, "ask", await evening.ticket()))
        assert (answer["outcome"], answer["place_label"]["stand"]) == ("admitted", name)


async def test_a_badge_shows_local_gates_and_the_time_of_its_venue(both: Both) -> None:
    both.there.knows("supervisor", Grant("supervisor", "venue", ARENA))
    now = both.there.clock.now()
    wish = {"opens_at": now.isoformat(), "closes_at": now.replace(hour=now.hour + 1).isoformat(), "gates": [THERE]}
    path = f"/api/access/events/{both.there.event_id}/kinds/press"
    answer = await both.there.ask("supervisor", "PUT", path, wish)
    assert answer.status_code == 200, answer.text
    assert (await both.there.ask("supervisor", "PUT", path, wish | {"gates": [HERE]})).status_code == 400
    config = Config(secret="x" * 32, public_url="https://tickets.example")
    held = Accreditation(new_id(), both.there.event_id, "press", "Name", None, 1, now, None)
    async with both.there.db.connection() as conn:
        event = await programme.event(conn, both.there.event_id)
        assert event is not None
        badge = await accreditations.badge_of(conn, held, event, arena(), code="x", config=config)
    assert (badge.gates, badge.zones) == (("A1",), ("N",))
    assert badge.starts_at.tzinfo == ZoneInfo("America/New_York")
    assert badge.starts_at.astimezone(UTC) == event.starts_at


async def test_the_feed_reads_the_gates_of_the_venue_of_the_event(both: Both) -> None:
    readings = await GateReadings(both.there.db)(both.there.event_id, both.there.clock.now())
    assert {reading.place.code for reading in readings} == {gate.code for gate in arena().gates}
