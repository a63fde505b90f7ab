"""The endpoints of 0.1.0 are open to the same principals today, and require the same fresh
sign-ins.
"""

import gzip
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from tests.app.test_doors import DOORS, knock
from tests.conftest import FakeClock
from tests.golden.renames import read_renames
from tests.golden.renames_exchange import Translator
from tests.golden.requests_log import read
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.app.conftest import World

GOLDEN = Path(__file__).parents[1] / "golden"
FRESH_SINCE = {
    "POST /api/me/recovery-codes",
    "POST /api/me/passkeys/options",
    "DELETE /api/me/passkeys/{passkey_id}",
    "POST /api/office/refunds/{refund_id}/retry",
    "POST /api/office/payments/accounts/{organiser_id}/onboarding",
    "PUT /api/office/payments/accounts/{organiser_id}/fee",
}
"""Endpoints since 0.1.0 that need a recent sign-in."""
ROLES_SINCE = {"venue_manager", "controller"}


def recorded_doors() -> tuple[dict[str, set[str]], set[str]]:
    """The principals of each endpoint of 0.1.0, and the ones that needed a fresh sign-in, under
    today's names.
    """
    recorded = json.loads((GOLDEN / "doors.json").read_text())
    names = read_renames(GOLDEN / "renames.json").paths
    opened = {names.get(door, door): set(askers) for door, askers in recorded["opened_to"].items()}
    return opened, {names.get(door, door) for door in recorded["fresh"]}


def nameless(door: str) -> str:
    """Return a route without the names of its parameters, which are not part of the address."""
    return re.sub(r"{\w+}", "{}", door)


def test_every_route_of_0_1_0_admits_the_same_principals() -> None:
    opened, fresh = recorded_doors()
    today = {nameless(door): set(askers) - ROLES_SINCE for door, askers in DOORS.items()}
    assert {door: today.get(nameless(door), set()) for door in opened} == opened
    assert (len(opened), len(fresh)) == (250, 28)


def taken() -> dict[str, Any]:
    """An accepted body of each endpoint, from the recorded requests, under today's names."""
    document = json.loads(gzip.decompress((GOLDEN / "openapi.json.gz").read_bytes()))
    renames = read_renames(GOLDEN / "renames.json")
    translator = Translator(document, renames)
    found: dict[str, Any] = {}
    for recorded in read(GOLDEN / "requests.jsonl.gz"):
        if recorded.is_request and recorded.status < 300 and recorded.json is not UNSET:
            door = translator.operation_of(recorded.method, recorded.path) or ""
            found.setdefault(renames.paths.get(door, door), translator.exchange(recorded).json)
    return found


async def test_routes_that_need_a_recent_sign_in_refuse_an_admin_of_an_hour_ago(
    world: "World", clock: FakeClock
) -> None:
    bodies, refused = taken(), set()
    for door in DOORS:
        admin = await world.signed_in("admin@example.org", Grant("admin"))  # the rate of one session is limited
        clock.advance(timedelta(hours=1))
        method, path = knock(door)
        body = bodies.get(door, {}) if method not in ("GET", "DELETE") else None
        answer = await world.ask(admin, method, path, body)
        if answer.status_code == 403 and answer.json()["code"] == "step_up_required":
            refused.add(door)
    assert refused == recorded_doors()[1] | FRESH_SINCE


async def test_routes_of_an_existing_event_that_need_a_recent_sign_in_refuse_an_admin_of_an_hour_ago(
    world: "World", clock: FakeClock
) -> None:
    """These look up their event, order, ticket or card first: an unknown id gets a 404.

    Orders, tickets and cards are covered by the tests of their domains.
    """
    names = read_renames(GOLDEN / "renames.json").paths
    recorded = json.loads((GOLDEN / "doors.json").read_text())["fresh_for_what_exists"]
    doors = [names.get(door, door) for door in recorded]
    assert set(doors) <= DOORS.keys()
    assert not set(doors) & recorded_doors()[1]
    of_events = [door for door in doors if "{event_id}" in door]
    assert (len(doors), len(of_events)) == (5, 2)
    bodies = taken()
    for door in of_events:
        admin = await world.signed_in("admin@example.org", Grant("admin"))
        clock.advance(timedelta(hours=1))
        method, path = door.split()
        answer = await world.ask(admin, method, path.format(event_id=world.event), bodies.get(door, {}))
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required"), door
