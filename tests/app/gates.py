"""Permissions at our gates: requests about devices, passes, accreditations and bans for the tests
of endpoints.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import World

NEIGHBOURS = ("their office", "their event's office", "friend")


def pairing(_: "World") -> dict[str, Any]:
    return {"id": str(new_id()), "name": "Lane 1", "kind": "lane", "posts": ["A1"]}


def moved_device(_: "World") -> dict[str, Any]:
    return {"name": "Lane 1", "posts": ["A2"]}


def gate(_: "World") -> dict[str, Any]:
    return {"turnstile": True}


def window(world: "World") -> dict[str, Any]:
    now = world.clock.now()
    return {"opens_at": now.isoformat(), "closes_at": (now + timedelta(hours=1)).isoformat()}


def correction(_: "World") -> dict[str, Any]:
    return {"id": str(new_id()), "zone": "N", "people": 1, "reason": "counted"}


def identity(_: "World") -> dict[str, Any]:
    return {"share_percent": 10, "unnamed": "desk"}


def ban(world: "World") -> dict[str, Any]:
    ends = world.clock.now() + timedelta(days=1)
    return {"id": str(new_id()), "name": "Example Person", "expires_at": ends.isoformat()}


def accreditation(world: "World") -> dict[str, Any]:
    return {"id": str(new_id()), "event_id": str(world.event), "kind": "press", "name": "Photographer"}


def accreditations(world: "World") -> dict[str, Any]:
    people = [{"id": str(new_id()), "kind": "press", "name": "Writer"}]
    return {"event_id": str(world.event), "accreditations": people}


def kind(world: "World") -> dict[str, Any]:
    return window(world) | {"gates": ["A1"]}


GATES: tuple[tuple[Any, ...], ...] = (
    ("POST /api/office/devices/pairings", "supervisor of A", ("supervisor of B", *NEIGHBOURS), pairing),
    ("PUT /api/office/devices/{device_id}", "supervisor of A", ("supervisor of B", *NEIGHBOURS), moved_device),
    ("DELETE /api/office/devices/{device_id}", "supervisor of A", ("supervisor of B", *NEIGHBOURS)),
    (
        "POST /api/access/devices/{device_id}/revocation",
        "supervisor of A",
        ("supervisor of B", *NEIGHBOURS),
        lambda world: {"withdraw_since": world.clock.now().isoformat()},
    ),
    ("GET /api/access/board/{event_id}", "our office", NEIGHBOURS),
    ("GET /api/access/hits/{event_id}", "our office", NEIGHBOURS),
    ("GET /api/access/events/{event_id}/passes?q={pass_number}", "our office", NEIGHBOURS),
    ("GET /api/access/events/{event_id}/passes/{pass_number}", "our office", NEIGHBOURS),
    ("PUT /api/access/events/{event_id}/gates/{code}", "supervisor of A", ("supervisor of B", *NEIGHBOURS), gate),
    ("PUT /api/access/events/{event_id}/zones/{zone}", "our office", NEIGHBOURS, lambda _: {"full": False}),
    ("PUT /api/access/events/{event_id}/windows/{group}", "our office", NEIGHBOURS, window),
    ("PUT /api/access/events/{event_id}/venue", "our office", NEIGHBOURS, lambda _: {"closed": False}),
    ("GET /api/access/events/{event_id}/identity", "our office", NEIGHBOURS),
    ("PUT /api/access/events/{event_id}/identity", "our office", ("supervisor of A", *NEIGHBOURS), identity),
    ("POST /api/access/events/{event_id}/corrections", "our office", NEIGHBOURS, correction),
    ("POST /api/access/accreditations", "our office", ("supervisor of A", *NEIGHBOURS), accreditation),
    ("POST /api/access/accreditations/list", "our office", ("supervisor of A", *NEIGHBOURS), accreditations),
    ("GET /api/access/events/{event_id}/kinds", "our office", ("supervisor of A", *NEIGHBOURS)),
    ("PUT /api/access/events/{event_id}/kinds/{kind}", "our office", ("supervisor of A", *NEIGHBOURS), kind),
    ("GET /api/access/accreditations?event_id={event_id}", "our office", ("supervisor of A", *NEIGHBOURS)),
    ("GET /api/access/accreditations/{accreditation_id}/badge", "our office", ("supervisor of A", *NEIGHBOURS)),
    ("DELETE /api/access/accreditations/{accreditation_id}", "our office", ("supervisor of A", *NEIGHBOURS)),
    ("DELETE /api/access/bans/{file}/{ban_id}", "administrator", ("our office", *NEIGHBOURS)),
)
