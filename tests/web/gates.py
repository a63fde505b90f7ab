"""An evening at the gates for the supervisor's page: scans of real passes, signed by devices, over
the real endpoints.
"""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.web import http
from tests.web.gate import Ticket, gate_code, tickets
from tests.web.office import in_database
from tests.web.system import System
from tests.web.tour_gate import flag
from virage.identity.people import acts as people
from virage.matchday.access.rules.scans import SCAN_PURPOSE
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Grant

LEADER = "supervisor.of.gates@example.org"


class Lane:
    """A device paired by its code, which signs its scans."""

    def __init__(self, system: System, event_id: UUID, gate: str, name: str) -> None:
        self.gate, self.event_id, self.name = gate, event_id, name
        self._url = system.url
        self._private = Ed25519PrivateKey.generate()
        self._numbers = count(1)
        x = base64url(self._private.public_key().public_bytes_raw())
        arrival = {"code": gate_code(system, [gate], name), "key": {"kty": "OKP", "crv": "Ed25519", "x": x}}
        paired = http.post(f"{self._url}/api/devices/pair", json=arrival).raise_for_status().json()
        self.id: str = paired["device_id"]
        self._headers = {"authorization": f"Bearer {paired['token']}"}

    def scan(self, kind: str, ticket: Ticket | None = None, **more: Any) -> dict[str, Any]:
        """Send one scan; return its response."""
        at = more.pop("at", datetime.now(UTC))
        body = {"number": next(self._numbers), "event_id": self.event_id, "gate": self.gate, "at": at, "kind": kind}
        if ticket is not None:
            body |= {"code": ticket.code(at), "pass_number": ticket.number}
        data = msgspec.json.encode(body | more)
        signature = base64url(self._private.sign(SCAN_PURPOSE + data))
        upload = {"scans": [{"body": base64url(data), "signature": signature}]}
        found = http.post(f"{self._url}/api/access/scans", json=upload, headers=self._headers).raise_for_status()
        answer: dict[str, Any] = found.json()["answers"][0]
        return answer

    def beat(self, **more: Any) -> None:
        """Send a heartbeat."""
        beat = {"event_id": str(self.event_id), "gate": self.gate, "at": datetime.now(UTC).isoformat()} | more
        http.post(f"{self._url}/api/access/heartbeat", json=beat, headers=self._headers).raise_for_status()


def twice(system: System, event_id: UUID) -> Ticket:
    """Two offline gates admit the same ticket."""
    (ticket,) = tickets(system, event_id, "N", 1)
    now = datetime.now(UTC)
    for gate, name, at in (("N1", "Phone of N1", now - timedelta(minutes=2)), ("N2", "Phone of N2", now)):
        Lane(system, event_id, gate, name).scan("passed", ticket, at=at, offline=True)
    return ticket


def busy(system: System, event_id: UUID) -> None:
    """A little of everything that the page shows."""
    twice(system, event_id)
    now = datetime.now(UTC)
    minutes = [now - timedelta(minutes=ago) for ago in range(1, 5)]
    lane = Lane(system, event_id, "N3", "Lane N3")
    for ticket in tickets(system, event_id, "N", 9):
        lane.scan("ask", ticket)
    for ticket in tickets(system, event_id, "P", 3):
        lane.scan("ask", ticket)
    lane.scan("ask", code="https://example.org/not-a-ticket")
    (led,) = tickets(system, event_id, "P", 1)
    everywhere = (Grant("supervisor"),)
    supervisor = in_database(system, lambda conn: people.ensure_staff(conn, LEADER, "Some Supervisor", everywhere, now))
    lane.scan("ask", led, override="checked_by_supervisor", person_id=supervisor)
    lane.scan("passed", code="https://example.org/not-a-ticket", offline=True)
    (flagged,) = tickets(system, event_id, "N", 1)
    flag(system, event_id, flagged)
    lane.scan("ask", flagged)
    for at in minutes:
        lane.scan("pulse", lane="arrived", count=14, at=at)
        for ramp, came in (("N1", 130), ("N2", 90), ("E1", 160), ("S1", 60)):
            lane.scan("pulse", lane=f"arrived:{ramp}", count=came, at=at)
        lane.scan("pulse", lane="searched:S1", count=40, at=at)
    lane.beat(backlog=0, battery_percent=74)
    Lane(system, event_id, "B2", "Phone of B2").beat(
        backlog=31, battery_percent=12, at=(now + timedelta(seconds=95)).isoformat()
    )
