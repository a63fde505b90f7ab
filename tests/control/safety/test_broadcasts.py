"""Messages of the control room: whom they reach, how they change, and what is left of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from defusedxml import ElementTree

from tests.app.conftest import BLOCK
from tests.control.safety.conftest import ControlRoom
from tests.listening import Subscription, messages_of, subscribe
from virage.control.safety.acts.broadcasts import PUSH_JOB, BroadcastPushDue
from virage.control.safety.jobs import BroadcastPush, RetentionJob
from virage.control.safety.rules.verifying import LogReport, verify
from virage.control.safety.settings import SafetySettings
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.people.rules.push import PushJob
from virage.platform.data.queue import URGENT
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import ANONYMOUS, Grant, Principal
from virage.platform.web.problems import Problem

POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
STAND = next(block.stand for block in stadium().blocks if block.code == BLOCK)
OTHER_STAND = next(stand.code for stand in stadium().stands if stand.code != STAND)
OTHER_BLOCK = next(block.code for block in stadium().blocks if block.stand == OTHER_STAND)
LEAVE = {"en": {"headline": "Leave the stand", "text": "Walk to the nearest exit."}}
STAFF = {"to": "staff", "groups": ["stewards"]}


class Speaker:
    """The control room of an event, and what it says."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room
        self.path = f"events/{room.event}/broadcasts"

    async def send(self, *, who: dict[str, str] | None = None, **changes: Any) -> Any:
        """Ask to send a message to a stand; return the answer."""
        body = {
            "id": str(new_id()),
            "kind": "alert",
            "mode": "actual",
            "audience": {"to": "zones", "zones": [STAND]},
            "category": "safety",
            "severity": "extreme",
            "urgency": "immediate",
            "response": "evacuate",
            "texts": LEAVE,
            "minutes": 30,
        }
        return await self.room.ask("POST", self.path, body | changes, who=who)

    async def sent(self, **changes: Any) -> str:
        """Send a message; return its id."""
        answer = await self.send(**changes)
        assert answer.status_code == 200, answer.text
        found: str = answer.json()[0]["id"]
        return found

    async def update(self, replaces: str, *, who: dict[str, str] | None = None, **changes: Any) -> Any:
        body = {
            "id": str(new_id()),
            "kind": "update",
            "replaces": replaces,
            "severity": "severe",
            "urgency": "expected",
            "response": "monitor",
            "texts": {"en": {"headline": "Wait", "text": "Stay in your seats."}},
            "minutes": 15,
        }
        return await self.room.ask("POST", self.path, body | changes, who=who)

    async def cancel(self, replaces: str, *, who: dict[str, str] | None = None) -> Any:
        body = {"id": str(new_id()), "kind": "cancel", "replaces": replaces, "texts": LEAVE}
        return await self.room.ask("POST", self.path, body, who=who)

    async def listed(self) -> Any:
        return (await self.room.ask("GET", self.path)).json()

    async def heard(self, place: str | None = None) -> list[str]:
        """The headlines for a block, or for phones without a ticket."""
        path = f"/api/broadcasts/{self.room.event}" + ("" if place is None else f"?place={place}")
        found = (await self.room.world.ask({}, "GET", path)).json()
        return [one["texts"]["en"]["headline"] for one in found]

    async def public(self, path: str) -> Any:
        return await self.room.world.ask({}, "GET", f"/api/broadcasts/{path}")

    async def follow(self, place: str = "", principal: Principal = ANONYMOUS) -> Subscription:
        """The stream of a phone."""
        return await subscribe(self.hub, principal, [f"broadcast:{self.room.event}{place}"], None)

    @property
    def hub(self) -> Any:
        app: Any = self.room.world.app
        return app.state.hub

    async def fan(self, name: str, *, has_tickets: bool) -> dict[str, str]:
        """A fan with a phone, with two seats in the block or none."""
        world = self.room.world
        header = await world.signed_in(f"{name}@example.org")
        await world.rows(
            "update people.person set name = 'Alex Martin', locale = 'en' where email = $1", f"{name}@example.org"
        )
        body = {"endpoint": f"https://push.example.org/{name}", "p256dh": POINT, "auth": base64url(bytes(16))}
        answer = await world.ask(header, "PUT", f"/api/me/push-subscriptions/{new_id()}", body)
        assert answer.status_code == 204, answer.text
        if has_tickets:
            await world.buy(header)
        return header

    async def push(self) -> list[PushJob]:
        """Run the jobs that notify phones; return what they enqueue for push services, once."""
        world = self.room.world
        rows = await world.rows("delete from kernel.job where entrypoint = $1 returning payload, priority", PUSH_JOB)
        assert {row["priority"] for row in rows} <= {URGENT}
        for row in rows:
            await BroadcastPush(world.db, world.clock).push(msgspec.json.decode(row["payload"], type=BroadcastPushDue))
        rows = await world.rows("delete from kernel.job where entrypoint = 'push' returning payload, priority")
        assert {row["priority"] for row in rows} <= {URGENT}
        return [msgspec.json.decode(row["payload"], type=PushJob) for row in rows]


@pytest.fixture
def speaker(room: ControlRoom) -> Speaker:
    return Speaker(room)


def text(headline: str) -> dict[str, Any]:
    """The texts of a message in English."""
    return {"en": {"headline": headline, "text": "Follow the stewards."}}


async def verified(room: ControlRoom, folder: Path) -> LogReport:
    """What the verification of the exported log finds."""
    return verify((await room.log(folder / "log.jsonl")).read_bytes().splitlines())


async def headlines(stream: AsyncIterator[bytes]) -> list[str]:
    """The headlines of the next message of a stream."""
    async with asyncio.timeout(5):
        found: list[str] = []
        for message in messages_of(await anext(stream)):
            found += [one["texts"]["en"]["headline"] for one in message["broadcasts"]]
        return found


async def test_a_message_to_a_stand_is_for_its_blocks_only(speaker: Speaker) -> None:
    await speaker.sent()
    assert (await speaker.heard(BLOCK), await speaker.heard(OTHER_BLOCK), await speaker.heard()) == (
        ["Leave the stand"],
        [],
        [],
    )


async def test_a_message_to_all_is_for_each_place_and_for_phones_without_a_ticket(speaker: Speaker) -> None:
    await speaker.sent(audience={"to": "all_fans"})
    assert [await speaker.heard(place) for place in (BLOCK, OTHER_BLOCK, None)] == [["Leave the stand"]] * 3


async def test_phones_of_the_zone_get_a_message_over_their_stream_at_once_and_others_nothing(speaker: Speaker) -> None:
    phone, elsewhere, without = [await speaker.follow(place) for place in (f"/{BLOCK}", f"/{OTHER_BLOCK}", "")]
    assert [await headlines(stream) for stream in (phone, elsewhere, without)] == [[], [], []]
    await speaker.sent()
    assert await headlines(phone) == ["Leave the stand"]
    await speaker.sent(audience={"to": "zones", "zones": [OTHER_STAND]}, texts=text("To the others"))
    assert await headlines(elsewhere) == ["To the others"]  # and not the one before
    await speaker.sent(audience={"to": "all_fans"}, texts=text("To all"))
    assert await headlines(phone) == ["Leave the stand", "To all"]  # nothing came with the message to the others
    assert await headlines(elsewhere) == ["To the others", "To all"]
    assert await headlines(without) == ["To all"]
    assert await headlines(await speaker.follow(f"/{BLOCK}")) == ["Leave the stand", "To all"]


async def test_a_message_to_the_staff_is_not_public(speaker: Speaker) -> None:
    message = await speaker.sent(audience=STAFF)
    assert (await speaker.public(f"{message}/cap.xml")).status_code == 404
    assert message.encode() not in (await speaker.public("feed.atom")).content
    assert (await speaker.public(f"{speaker.room.event}/screens")).json() == []
    assert (await speaker.heard(BLOCK), await speaker.heard()) == ([], [])
    assert (await speaker.room.ask("GET", f"broadcasts/{message}/cap.xml")).status_code == 200


async def test_a_message_of_another_event_is_not_replaced(speaker: Speaker) -> None:
    world = speaker.room.world
    first = await speaker.sent()
    both = [Grant("controller", "event", event) for event in (world.event, world.their_event)]
    controller = await world.signed_in("both@example.org", *both)
    body = {"id": str(new_id()), "kind": "cancel", "replaces": first, "texts": LEAVE}
    answer = await world.ask(controller, "POST", f"/api/control/events/{world.their_event}/broadcasts", body)
    assert answer.status_code == 404
    assert await speaker.heard(BLOCK) == ["Leave the stand"]


async def test_a_place_that_the_venue_does_not_have_has_no_stream(speaker: Speaker) -> None:
    for place in ("/999", "/staff/no-such-group", f"/{STAND}"):
        with pytest.raises(Problem):
            await speaker.follow(place)


async def test_a_repeated_request_is_one_message_and_its_id_is_taken(speaker: Speaker) -> None:
    one = str(new_id())
    first, second = await speaker.send(id=one), await speaker.send(id=one)
    assert (first.status_code, second.status_code) == (200, 200)
    assert [sent["id"] for sent in await speaker.listed()] == [one]
    other = await speaker.send(id=one, severity="minor")
    assert (other.status_code, other.json()["code"]) == (409, "broadcast_id_taken")


async def test_an_update_and_a_cancellation_replace_the_message_for_the_same_zones(speaker: Speaker) -> None:
    first = await speaker.sent()
    second = (await speaker.update(first)).json()[0]["id"]
    assert await speaker.heard(BLOCK) == ["Wait"]
    assert (await speaker.cancel(second)).status_code == 200
    cancel, update, alert = await speaker.listed()
    assert [one["kind"] for one in (cancel, update, alert)] == ["cancel", "update", "alert"]
    assert [one["targets"] for one in (cancel, update, alert)] == [[STAND]] * 3
    assert (alert["replaced_by"], update["replaced_by"], cancel["replaced_by"]) == (update["id"], cancel["id"], None)
    assert {one["thread"] for one in (cancel, update, alert)} == {first}
    assert (cancel["response"], await speaker.heard(BLOCK)) == ("all_clear", ["Leave the stand"])
    over = await speaker.update(cancel["id"])
    assert (over.status_code, over.json()["code"]) == (409, "broadcast_replaced")
    await speaker.room.wait(timedelta(minutes=60))
    assert await speaker.heard(BLOCK) == []


async def test_of_two_controllers_who_change_a_message_at_once_one_is_refused(speaker: Speaker) -> None:
    first = await speaker.sent()
    answers = await asyncio.gather(
        speaker.update(first, who=speaker.room.first), speaker.cancel(first, who=speaker.room.second)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await speaker.listed()) == 2


async def test_a_message_ends_by_itself(speaker: Speaker) -> None:
    await speaker.sent(minutes=5)
    await speaker.room.wait(timedelta(minutes=4, seconds=59))
    assert await speaker.heard(BLOCK) == ["Leave the stand"]
    await speaker.room.wait(timedelta(seconds=1))
    assert await speaker.heard(BLOCK) == []
    assert (await speaker.public(f"{speaker.room.event}/screens")).json() == []


async def test_zones_that_the_venue_does_not_have_are_refused(speaker: Speaker) -> None:
    answer = await speaker.send(audience={"to": "zones", "zones": [STAND, "Z9"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "place_unknown")
    assert await speaker.listed() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"texts": {}},
        {"texts": {"en": {"headline": " ", "text": "Text"}}},
        {"texts": {"en": {"headline": "x" * 101, "text": "Text"}}},
        {"minutes": 0},
        {"minutes": 721},
        {"severity": "grave"},
        {"audience": {"to": "zones", "zones": []}},
        {"audience": {"to": "staff", "groups": ["friends"]}},
        {"kind": "update"},
    ],
)
async def test_what_is_no_message_is_refused(speaker: Speaker, wrong: dict[str, Any]) -> None:
    assert (await speaker.send(**wrong)).status_code == 400


async def test_a_controller_of_another_event_reads_and_sends_nothing(speaker: Speaker) -> None:
    room = speaker.room
    message = await speaker.sent(audience=STAFF)
    other = await room.world.signed_in("other@example.org", Grant("controller", "event", room.world.their_event))
    assert (await speaker.send(who=other)).status_code == 404
    assert (await room.ask("GET", speaker.path, who=other)).status_code == 404
    assert (await room.ask("GET", f"broadcasts/{message}/cap.xml", who=other)).status_code == 404
    feed = (await room.ask("GET", "broadcasts/feed.atom", who=other)).content
    assert message.encode() not in feed


@pytest.mark.parametrize("mode", ["exercise", "test"])
async def test_an_exercise_never_reaches_fans(speaker: Speaker, mode: str) -> None:
    for audience in ({"to": "all_fans"}, {"to": "zones", "zones": [STAND]}):
        answer = await speaker.send(mode=mode, audience=audience)
        assert (answer.status_code, answer.json()["code"]) == (409, "exercise_for_staff_only")
    message = await speaker.sent(mode=mode, audience=STAFF)
    assert (await speaker.heard(BLOCK), await speaker.heard()) == ([], [])
    assert (await speaker.public(f"{speaker.room.event}/screens")).json() == []
    assert (await speaker.public(f"{message}/cap.xml")).status_code == 404
    assert message.encode() not in (await speaker.public("feed.atom")).content
    restricted = await speaker.room.ask("GET", f"broadcasts/{message}/cap.xml")
    assert f"<status>{mode.capitalize()}</status>".encode() in restricted.content
    assert b"<scope>Restricted</scope>" in restricted.content
    assert message.encode() in (await speaker.room.ask("GET", "broadcasts/feed.atom")).content
    assert await speaker.push() == []


async def test_messages_to_the_staff_reach_the_roles_of_the_group_at_this_event_only(speaker: Speaker) -> None:
    world = speaker.room.world
    await speaker.sent(audience=STAFF)
    path = f"/api/broadcasts/{world.event}/staff"
    heard = {}
    for name, grant in {
        "steward": Grant("steward", "event", world.event),
        "at a gate": Grant("steward", "gate", "N1"),
        "of another event": Grant("steward", "event", world.their_event),
        "cashier": Grant("cashier", "event", world.event),
    }.items():
        header = await world.signed_in(f"{name.replace(' ', '.')}@example.org", grant)
        heard[name] = len((await world.ask(header, "GET", path)).json())
        principal = Principal("staff", new_id(), new_id(), (grant,))
        try:
            heard[f"stream, {name}"] = len(await headlines(await speaker.follow("/staff/stewards", principal)))
        except Problem:
            heard[f"stream, {name}"] = 0
    assert heard == {
        "steward": 1,
        "stream, steward": 1,
        "at a gate": 1,
        "stream, at a gate": 1,
        "of another event": 0,
        "stream, of another event": 0,
        "cashier": 0,
        "stream, cashier": 0,
    }
    with pytest.raises(Problem):
        await speaker.follow("/staff/stewards")
    assert (await world.ask({}, "GET", path)).status_code == 401


async def test_screens_and_speakers_get_their_own_text_or_the_message(speaker: Speaker) -> None:
    await speaker.sent()
    own = {"headline": "Stop", "text": "The match is stopped.", "screen": "MATCH STOPPED", "speech": "Please wait."}
    await speaker.sent(audience={"to": "all_fans"}, texts={"en": own})
    first, second = (await speaker.public(f"{speaker.room.event}/screens")).json()
    assert (first["zones"], first["screens"], first["speech"]) == (
        [STAND],
        {"en": "Leave the stand"},
        {"en": "Leave the stand. Walk to the nearest exit."},
    )
    assert (second["zones"], second["screens"], second["speech"]) == (
        [],
        {"en": "MATCH STOPPED"},
        {"en": "Please wait."},
    )


async def test_the_public_feed_lists_messages_to_fans_with_their_documents(speaker: Speaker) -> None:
    first = await speaker.sent()
    second = (await speaker.update(first)).json()[0]["id"]
    feed = ElementTree.fromstring((await speaker.public("feed.atom")).content)
    ids = [entry.text for entry in feed.iter("{http://www.w3.org/2005/Atom}id")][1:]
    assert ids == [f"urn:uuid:{second}", f"urn:uuid:{first}"]
    document = ElementTree.fromstring((await speaker.public(f"{second}/cap.xml")).content)
    space = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}
    assert first in (document.findtext("c:references", namespaces=space) or "")
    assert document.findtext("c:info/c:area/c:areaDesc", namespaces=space) == f"{stadium().name}, {STAND}"


async def test_receipts_count_each_account_once_by_place(speaker: Speaker) -> None:
    world = speaker.room.world
    message, to_staff = await speaker.sent(), await speaker.sent(audience=STAFF)
    for name in ("a", "b"):
        fan = await world.signed_in(f"{name}@example.org")
        for id_ in (message, message, to_staff, str(new_id())):
            answer = await world.ask(fan, "POST", f"/api/broadcasts/{id_}/receipts", {"place": BLOCK})
            assert answer.status_code == 204, answer.text
    fan = await world.signed_in("c@example.org")
    await world.ask(fan, "POST", f"/api/broadcasts/{message}/receipts", {})
    assert (await world.ask({}, "POST", f"/api/broadcasts/{message}/receipts", {})).status_code == 401
    receipts = {one["id"]: one["receipts"] for one in await speaker.listed()}
    assert receipts == {message: {BLOCK: 2, "": 1}, to_staff: {}}
    stored = await world.rows("select receiver from safety.receipt")
    people = {row["id"].bytes for row in await world.rows("select id from people.person")}
    assert not people & {row["receiver"] for row in stored}


async def test_phones_of_the_zone_are_notified_by_push_before_all_other_jobs(speaker: Speaker) -> None:
    await speaker.fan("in.the.block", has_tickets=True)
    await speaker.fan("without", has_tickets=False)
    await speaker.sent()
    (job,) = await speaker.push()
    told = msgspec.json.decode(job.text)
    assert (len(job.subscription_ids), told["title"], told["loud"], job.urgency) == (1, "Leave the stand", True, "high")
    await speaker.sent(audience={"to": "zones", "zones": [OTHER_STAND]})
    assert await speaker.push() == []


async def test_a_message_that_was_replaced_meanwhile_is_not_pushed_any_more(speaker: Speaker) -> None:
    await speaker.fan("in.the.block", has_tickets=True)
    first = await speaker.sent()
    await speaker.update(first)
    (job,) = await speaker.push()
    assert msgspec.json.decode(job.text)["title"] == "Wait"


async def test_a_repeated_push_job_has_the_same_topic_tag_and_revision(speaker: Speaker) -> None:
    await speaker.fan("in.the.block", has_tickets=True)
    message = await speaker.sent()
    (job,) = await speaker.push()
    await BroadcastPush(speaker.room.world.db, speaker.room.clock).push(BroadcastPushDue(UUID(message)))
    (again,) = await speaker.push()
    assert again == job


async def test_the_log_holds_each_message_and_stays_intact_when_texts_and_receipts_are_deleted(
    speaker: Speaker, tmp_path: Path
) -> None:
    room = speaker.room
    first = await speaker.sent()
    await speaker.update(first)
    fan = await room.world.signed_in("a@example.org")
    await room.world.ask(fan, "POST", f"/api/broadcasts/{first}/receipts", {"place": BLOCK})
    assert (await verified(room, tmp_path)).findings == ()
    vault = KeyVault(derive("a secret of the tests, long enough", PURPOSE))
    settings = SafetySettings(safety_text_days=40, safety_receipt_days=30)
    job = RetentionJob(room.world.db, room.clock, vault, settings)
    await room.wait(timedelta(days=31))
    await job.delete_old()
    alert = (await speaker.listed())[1]
    assert (alert["receipts"], alert["texts"]) == ({}, {"en": {**LEAVE["en"], "screen": None, "speech": None}})
    await room.wait(timedelta(days=10))
    await job.delete_old()
    assert [one["texts"] for one in await speaker.listed()] == [None, None]
    assert (await speaker.public(f"{first}/cap.xml")).status_code == 404
    assert (await speaker.public("feed.atom")).status_code == 200
    assert (await verified(room, tmp_path)).findings == ()
