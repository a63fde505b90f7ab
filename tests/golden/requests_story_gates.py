"""Recorded requests of the gates: scans, packs, the supervisor's board, accreditations and bans."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tests.golden.requests_cast import LANE_ID, Signer, base64url
from tests.golden.requests_story import ANY, Story
from virage.identity.keys.rules.keys import HolderKey
from virage.identity.passes.rules.code import bytes_of, rotating_code, step_at, text_of

GATE = "A1"
SCAN = b"virage:scan:v1\0"


async def play(story: Story) -> None:
    """Play all of it."""
    event = story.known["event_id"][0]
    await devices(story, event)
    await supervisor(story, event)
    await accreditations(story, event)
    await bans(story, event)


class Lane:
    """The lane reader of the cast: it numbers and signs its scans."""

    def __init__(self, story: Story, event: str) -> None:
        self._story = story
        self._event = event
        self._number = 0

    def scan(self, kind: str, **more: Any) -> dict[str, str]:
        """Return the next scan, signed."""
        self._number += 1
        said = {
            "number": self._number,
            "event_id": self._event,
            "gate": GATE,
            "at": self._story.now.isoformat(),
            "kind": kind,
        }
        body = json.dumps(said | more).encode()
        return {"body": base64url(body), "signature": base64url(Signer("lane").sign(SCAN + body))}


def moving(text: str, phone: str, now: datetime) -> str:
    """Return the code that a phone shows of its pass now."""
    signer, cwt = Signer(phone), bytes_of(text)
    assert cwt is not None
    holder = HolderKey(signer.raw)
    return text_of(rotating_code(cwt, step_at(now), holder, signer.sign))


async def devices(story: Story, event: str) -> None:
    """Fetch packs, scan admitted and refused passes, send heartbeats."""
    lane = Lane(story, event)
    text, number = story.known["pass"]
    await story.ask("lane", "GET", "/api/devices/me")
    await story.ask("lane", "GET", f"/api/access/pack/{event}")
    beat = {"event_id": event, "gate": GATE, "at": story.at(), "backlog": 0, "battery_percent": 80}
    await story.ask("lane", "POST", "/api/access/heartbeat", beat)
    await story.ask("lane", "POST", "/api/access/heartbeat", beat | {"gate": "N1"}, expect=403)
    await story.ask("fan", "POST", "/api/access/heartbeat", beat, expect=403)
    shown = {"code": moving(text, "first phone", story.now)}
    scans = [lane.scan("ask", **shown)]
    await story.ask("lane", "POST", "/api/access/scans", {"scans": scans})
    await story.ask("lane", "POST", "/api/access/scans", {"scans": scans})
    for kind, more in (
        ("ask", {"code": "V1:NOT A PASS"}),
        ("admitted", {"pass_number": number, "override": "broken_phone"}),
        ("passed", {"pass_number": number}),
        ("ask", shown),
        ("left", {"pass_number": number}),
        ("refused", {"reason": "wrong_gate"}),
        ("pulse", {"count": 3, "lane": "1"}),
    ):
        await story.ask("lane", "POST", "/api/access/scans", {"scans": [lane.scan(kind, **more)]})
    forged = lane.scan("ask", **shown) | {"signature": base64url(bytes(64))}
    await story.ask("lane", "POST", "/api/access/scans", {"scans": [forged]}, expect=ANY)
    await story.ask("lane", "GET", f"/api/access/pack/{event}")
    await story.ask("lane", "POST", "/api/access/heartbeat", beat | {"backlog": 2, "version": None})
    await story.ask("phone", "GET", f"/api/access/holders/{event}", query="q=holder")
    await story.ask("phone", "GET", f"/api/access/holders/{event}", query="q=xy", expect=400)
    story.learn(number=str(number), device_id=LANE_ID)


async def supervisor(story: Story, event: str) -> None:
    """Watch the board and set gates, zones, windows and the venue."""
    of_event = f"/api/access/events/{event}"
    board = (await story.ask("supervisor", "GET", f"/api/access/board/{event}")).json
    await story.ask("supervisor", "GET", f"/api/access/hits/{event}")
    number = story.known["number"][0]
    await story.ask("supervisor", "GET", f"{of_event}/passes", query=f"q={number}")
    await story.ask("supervisor", "GET", f"{of_event}/passes/{number}")
    await story.ask("supervisor", "PUT", f"{of_event}/gates/{GATE}", {"closed": True})
    await story.ask("supervisor", "PUT", f"{of_event}/gates/{GATE}", {"turnstile": True, "extra_groups": ["B"]})
    await story.ask("supervisor", "PUT", f"{of_event}/gates/none", {"closed": True}, expect=404)
    await story.ask("steward", "PUT", f"{of_event}/gates/{GATE}", {"closed": True}, expect=403)
    zone = board["zones"][0]["code"] if isinstance(board.get("zones"), list) and board["zones"] else "N"
    await story.ask("supervisor", "PUT", f"{of_event}/zones/{zone}", {"full": True})
    await story.ask("supervisor", "PUT", f"{of_event}/zones/{zone}", {"full": False})
    window = {"opens_at": story.at(hours=1), "closes_at": story.at(hours=5)}
    await story.ask("supervisor", "PUT", f"{of_event}/windows/PRESS", window)
    await story.ask("supervisor", "PUT", f"{of_event}/windows/PRESS", window | {"closes_at": story.at()}, expect=400)
    await story.ask("supervisor", "PUT", f"{of_event}/ground", {"closed": True})
    await story.ask("supervisor", "PUT", f"{of_event}/ground", {"closed": False})
    correction = {"id": story.new_id(), "zone": zone, "people": 2, "reason": "counted"}
    await story.ask("supervisor", "POST", f"{of_event}/corrections", correction)
    await story.ask("supervisor", "POST", f"{of_event}/corrections", correction)
    await story.ask("supervisor", "POST", f"{of_event}/corrections", correction | {"people": 3}, expect=409)
    await story.ask("supervisor", "GET", f"/api/access/board/{event}")


async def accreditations(story: Story, event: str) -> None:
    """Accredit the press, print a badge, end an accreditation."""
    wish = {"id": story.new_id(), "event_id": event, "kind": "press", "name": "Photographer"}
    await story.ask(
        "supervisor",
        "PUT",
        f"/api/access/events/{event}/kinds/press",
        {
            "opens_at": story.at(hours=1),
            "closes_at": story.at(hours=5),
            "gates": [GATE],
        },
    )
    await story.ask("supervisor", "GET", f"/api/access/events/{event}/kinds")
    await story.ask("supervisor", "POST", "/api/access/accreditations", wish)
    await story.ask("supervisor", "POST", "/api/access/accreditations", wish)
    people = [{"id": story.new_id(), "kind": kind, "name": kind.capitalize()} for kind in ("staff", "players")]
    listed = {"event_id": event, "accreditations": people}
    await story.ask("supervisor", "POST", "/api/access/accreditations/list", listed)
    broken = {"event_id": event, "accreditations": [people[0] | {"id": story.new_id(), "name": " "}]}
    await story.ask("supervisor", "POST", "/api/access/accreditations/list", broken, expect=400)
    await story.ask("supervisor", "GET", "/api/access/accreditations", query=f"event_id={event}")
    await story.ask("supervisor", "GET", f"/api/access/accreditations/{wish['id']}/badge")
    await story.ask("supervisor", "DELETE", f"/api/access/accreditations/{people[0]['id']}")
    story.learn(accreditation_id=str(UUID(wish["id"])))


async def bans(story: Story, event: str) -> None:
    """Maintain the files of bans."""
    del event
    for file in ("club", "national"):
        ban: dict[str, Any] = {
            "id": story.new_id(),
            "name": "Banned Person",
            "email": None,
            "expires_at": story.at(days=30),
        }
        added = await story.ask("admin", "POST", f"/api/access/bans/{file}", ban)
        await story.ask("admin", "POST", f"/api/access/bans/{file}", ban)
        await story.ask("admin", "GET", f"/api/access/bans/{file}")
        others = [{**ban, "id": story.new_id(), "name": name} for name in ("Second Person", "Third Person")]
        await story.ask("admin", "POST", f"/api/access/bans/{file}/list", {"bans": others})
        await story.ask("fan", "GET", f"/api/access/bans/{file}", expect=403)
        await story.ask("admin", "DELETE", f"/api/access/bans/{file}/{msgspec.json.decode(added.body)['id']}")
        story.learn(file=file, ban_id=others[0]["id"])
