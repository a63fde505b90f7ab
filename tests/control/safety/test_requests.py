"""Requests of fans: one each, private, answered and followed; floods, false requests, retention and erasure."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.app.conftest import BLOCK, SECRET
from tests.control.safety.conftest import ControlRoom
from tests.control.safety.test_broadcasts import POINT
from virage.app.persons import PERSON_EXPORTS
from virage.control.safety.acts.erasure import forget_teams_and_requests
from virage.control.safety.jobs import RetentionJob
from virage.control.safety.requests import Requests
from virage.control.safety.rules.requests import (
    FOLD_WITHIN,
    INCIDENTS,
    INCIDENTS_MAX,
    LINES_MAX,
    LINES_WITHIN,
    OWN_INCIDENTS,
    AskedRequest,
    DescribedPlace,
    FanIncident,
    HelpRequest,
    RequestKind,
    incident_for,
)
from virage.control.safety.rules.verifying import LogReport, verify
from virage.control.safety.settings import SafetySettings
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.people.rules.push import PushJob
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

NOON = datetime(2026, 5, 9, 12, tzinfo=UTC)
SEAT = {"by": "seat", "block": BLOCK, "row": "1", "seat": "1"}
WORDS = {"by": "words", "words": "Behind the north stand"}
VAULT = KeyVault(derive(SECRET, PURPOSE))


class Fans:
    """Fans with tickets of the event, on its day, and what they ask for."""

    def __init__(self, room: ControlRoom) -> None:
        self.room = room
        self.world = room.world
        self.path = f"/api/safety/events/{room.event}/requests"

    async def come(self, *names: str) -> list[dict[str, str]]:
        """Let fans buy their tickets, and sign them in on the day."""
        for name in names:
            await self.world.buy(await self.named(name))
        await self.room.wait(timedelta(hours=22))
        self.room.second = await self.world.signed_in("second@example.org")
        return [await self.world.signed_in(f"{name}@example.org") for name in names]

    async def named(self, name: str) -> dict[str, str]:
        fan = await self.world.signed_in(f"{name}@example.org")
        assert (await self.world.ask(fan, "PATCH", "/api/me", {"name": name.title()})).status_code == 200
        return fan

    async def ask(self, fan: dict[str, str], kind: str = "help_at_seat", **fields: Any) -> Any:
        body = {"id": str(new_id()), "kind": kind, "place": SEAT, **fields}
        return await self.world.ask(fan, "POST", self.path, body)

    async def asked(self, fan: dict[str, str], kind: str = "help_at_seat", **fields: Any) -> Any:
        """Ask for help; return the newest own request."""
        answer = await self.ask(fan, kind, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    async def own(self, fan: dict[str, str]) -> Any:
        return (await self.world.ask(fan, "GET", self.path)).json()

    async def act(self, fan: dict[str, str], request: str, what: str, body: Any = None) -> Any:
        return await self.world.ask(fan, "POST", f"/api/safety/requests/{request}/{what}", body)

    async def at(self, incident: str) -> Any:
        answer = await self.room.ask("GET", f"incidents/{incident}/requests")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def answer(self, incident: str, code: str, **fields: Any) -> Any:
        body = {"id": str(new_id()), "answer": code, **fields}
        return await self.room.ask("POST", f"incidents/{incident}/answers", body)

    async def flood(self, requests: Sequence[AskedRequest]) -> list[Refused | None]:
        """Send requests at once, past the routes, which would need a ticket for each sender."""
        sender = Requests(self.world.db, self.world.clock, VAULT)
        return list(await asyncio.gather(*(sender.ask(one) for one in requests)))

    async def person(self, name: str) -> UUID:
        (row,) = await self.world.rows("select id from people.person where email = $1", f"{name}@example.org")
        found: UUID = row["id"]
        return found

    async def retained(self, days: int) -> None:
        """Run the retention job when some days have passed."""
        await self.room.wait(timedelta(days=days))
        await RetentionJob(self.world.db, self.world.clock, VAULT, SafetySettings()).delete_old()


@pytest.fixture
def fans(room: ControlRoom) -> Fans:
    return Fans(room)


def requests_from(event_id: UUID, count: int, kind: RequestKind = RequestKind.HELP_AT_SEAT) -> list[AskedRequest]:
    """Requests of as many fans, without a place that the venue knows."""
    place = DescribedPlace("Somewhere")
    return [AskedRequest(event_id, new_id(), HelpRequest(id=new_id(), kind=kind, place=place)) for _ in range(count)]


@pytest.mark.parametrize(
    ("kind", "incident", "priority"),
    [
        ("help_at_seat", "assistance", 2),
        ("abuse", "abuse", 2),
        ("danger", "threat", 1),
        ("lost_child", "lost_child", 1),
    ],
)
async def test_a_request_is_an_incident_of_its_kind_with_zone_and_source(
    fans: Fans, kind: str, incident: str, priority: int
) -> None:
    (ada,) = await fans.come("ada")
    request = await fans.asked(ada, kind, text="Please come", callback="+33 6 12 34 56 78")
    (listed,) = await fans.room.incidents()
    assert (listed["kind"], listed["priority"], listed["source"], listed["requests"]) == (incident, priority, "fan", 1)
    assert (listed["place"], listed["text"]) == ({"by": "zone", "zone": BLOCK}, None)
    assert listed["reported_by_name"] is None
    (seen,) = (await fans.at(listed["id"]))["requests"]
    assert (seen["id"], seen["name"], seen["callback"]) == (request["id"], "Ada", "+33 6 12 34 56 78")
    assert [(line["place"], line["text"]) for line in seen["lines"]] == [(SEAT, "Please come")]


async def test_a_request_sent_twice_is_one_and_its_id_belongs_to_its_sender(fans: Fans) -> None:
    ada, bob = await fans.come("ada", "bob")
    same = str(new_id())
    answers = await asyncio.gather(*(fans.ask(ada, id=same, text="Once") for _ in range(5)))
    assert {one.status_code for one in answers} == {200}
    for other in (await fans.ask(ada, id=same, text="Twice"), await fans.ask(bob, id=same, text="Once")):
        assert (other.status_code, other.json()["code"]) == (409, "request_id_taken")
    (own,) = await fans.own(ada)
    assert [line["text"] for line in own["lines"]] == ["Once"]
    assert len(await fans.room.incidents()) == 1


async def test_a_second_request_of_a_kind_joins_the_open_one_and_follows_the_fan(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    first = await fans.asked(ada)
    again = await fans.asked(ada, place=WORDS, text="I moved")
    assert again["id"] == first["id"]
    assert [(line["place"], line["text"]) for line in again["lines"]] == [(SEAT, None), (WORDS, "I moved")]
    other = await fans.asked(ada, "danger")
    assert other["id"] != first["id"]
    await fans.room.change(first["id"], "resolved")
    assert (await fans.asked(ada))["id"] not in {first["id"], other["id"]}


async def test_only_fans_with_a_ticket_ask_and_only_around_the_event(fans: Fans) -> None:
    early = await fans.named("early")
    await fans.world.buy(early)
    assert (await fans.ask(early)).json()["code"] == "event_not_running"
    (ada,) = await fans.come("ada")
    outside = await fans.world.signed_in("outside@example.org")
    assert (await fans.ask(outside)).json()["code"] == "ticket_needed"
    assert (await fans.ask(ada, place={**SEAT, "row": "none"})).json()["code"] == "place_unknown"
    assert (await fans.ask(ada, place={"by": "zone", "zone": "none"})).json()["code"] == "place_unknown"
    await fans.room.wait(timedelta(hours=8))
    late = await fans.world.signed_in("ada@example.org")
    assert (await fans.ask(late)).json()["code"] == "event_not_running"
    assert await fans.room.incidents() == []


async def test_a_request_without_network_keeps_its_time_unless_that_is_in_the_future(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    now = fans.room.clock.now()
    earlier = await fans.asked(ada, written_at=(now - timedelta(minutes=9)).isoformat())
    later = await fans.asked(ada, "abuse", written_at=(now + timedelta(minutes=9)).isoformat())
    assert datetime.fromisoformat(earlier["written_at"]) == now - timedelta(minutes=9)
    assert datetime.fromisoformat(later["written_at"]) == now
    occurred = {one["id"]: datetime.fromisoformat(one["occurred_at"]) for one in await fans.room.incidents()}
    assert occurred[earlier["id"]] == now - timedelta(minutes=9)


async def test_a_fan_sees_the_answers_and_each_state_with_its_time(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    request = (await fans.asked(ada))["id"]
    states = [(await fans.own(ada))[0]["state"]]
    body = {"id": str(new_id()), "answer": "tell_more", "text": "Which row?"}
    for _ in range(2):
        assert (await fans.room.ask("POST", f"incidents/{request}/answers", body)).status_code == 200
    other = await fans.room.ask("POST", f"incidents/{request}/answers", body | {"answer": "stay"})
    assert (other.status_code, other.json()["code"]) == (409, "request_id_taken")
    states.append((await fans.own(ada))[0]["state"])
    fans.room.clock.advance(timedelta(minutes=2))
    team = {"id": str(new_id()), "code": "S1", "name": "Team S1", "kind": "stewards"}
    assert (await fans.room.ask("POST", f"events/{fans.room.event}/teams", team)).status_code == 200
    send = {"id": str(new_id()), "team_id": team["id"], "teams_seen": 0}
    assert (await fans.room.ask("POST", f"incidents/{request}/teams", send)).status_code == 200
    for step in ("accepted", "on_the_way"):
        taken = {"id": str(new_id()), "step": step}
        assert (await fans.room.ask("POST", f"assignments/{send['id']}/steps", taken)).status_code == 200
    states.append((await fans.own(ada))[0]["state"])
    await fans.room.change(request, "resolved")
    (own,) = await fans.own(ada)
    assert [*states, own["state"]] == ["sent", "received", "on_the_way", "resolved"]
    assert [(one["answer"], one["text"]) for one in own["answers"]] == [("tell_more", "Which row?")]
    now = fans.room.clock.now()
    times = [datetime.fromisoformat(own[name]) for name in ("sent_at", "received_at", "on_the_way_at", "resolved_at")]
    assert times == [now - timedelta(minutes=2)] * 2 + [now] * 2


async def test_a_team_sees_what_the_fan_said_and_where_but_not_who(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    request = await fans.asked(ada, text="Chest pain", callback="0612345678")
    steward = await fans.world.signed_in("steward@example.org", Grant("steward", "event", fans.room.event))
    team = {"id": str(new_id()), "code": "S1", "name": "S1", "kind": "stewards", "members": ["steward@example.org"]}
    assert (await fans.room.ask("POST", f"events/{fans.room.event}/teams", team)).status_code == 200
    send = {"id": str(new_id()), "team_id": team["id"], "teams_seen": 0}
    assert (await fans.room.ask("POST", f"incidents/{request['id']}/teams", send)).status_code == 200
    answer = await fans.world.ask(steward, "GET", f"/api/safety/events/{fans.room.event}/duty")
    (assigned,) = answer.json()["assignments"]
    assert [(line["place"], line["text"]) for line in assigned["fans"]] == [(SEAT, "Chest pain")]
    assert not any(secret in answer.text for secret in ("Ada", "ada@", "0612345678", str(await fans.person("ada"))))


async def test_a_fan_adds_texts_and_withdraws_and_then_adds_no_more(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    request = (await fans.asked(ada))["id"]
    text = {"id": str(new_id()), "text": "Row 12"}
    for _ in range(2):
        assert (await fans.act(ada, request, "texts", text)).status_code == 200
    assert (await fans.act(ada, request, "texts", text | {"text": "Row 13"})).json()["code"] == "request_id_taken"
    (own,) = await fans.own(ada)
    assert [line["text"] for line in own["lines"]] == [None, "Row 12"]
    for _ in range(2):
        (own,) = (await fans.act(ada, request, "withdrawal")).json()
        assert own["state"] == "withdrawn"
    late = await fans.act(ada, request, "texts", {"id": str(new_id()), "text": "Row 14"})
    assert (late.status_code, late.json()["code"]) == (409, "request_over")
    (seen,) = (await fans.at(request))["requests"]
    assert seen["withdrawn_at"] is not None
    assert (await fans.room.incidents())[0]["resolved_at"] is None, "the control room decides what is over"


async def test_a_hidden_request_is_on_no_phone_and_still_at_the_control_room(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    request = (await fans.asked(ada, "abuse", text="The man in front of me"))["id"]
    assert (await fans.act(ada, request, "hiding")).json() == []
    assert await fans.own(ada) == []
    (seen,) = (await fans.at(request))["requests"]
    assert seen["lines"][0]["text"] == "The man in front of me"


async def test_other_fans_and_controllers_of_other_events_neither_see_nor_change_a_request(fans: Fans) -> None:
    ada, bob = await fans.come("ada", "bob")
    request = (await fans.asked(ada))["id"]
    assert await fans.own(bob) == []
    for what, body in [
        ("texts", {"id": str(new_id()), "text": "Not mine"}),
        ("withdrawal", None),
        ("hiding", None),
    ]:
        assert (await fans.act(bob, request, what, body)).status_code == 404, what
    theirs = await fans.world.signed_in("theirs@example.org", Grant("controller", "event", fans.world.their_event))
    for method, path, body in [
        ("GET", f"incidents/{request}/requests", None),
        ("POST", f"incidents/{request}/answers", {"id": str(new_id()), "answer": "received"}),
        ("POST", f"requests/{request}/false", {"id": str(new_id())}),
    ]:
        assert (await fans.room.ask(method, path, body, who=theirs)).status_code == 404, path
        assert (await fans.room.ask(method, path, body, who=bob)).status_code == 403, path
    (own,) = await fans.own(ada)
    assert (own["state"], len(own["lines"])) == ("sent", 1)


async def test_a_person_who_sends_too_much_is_told_when_to_send_again(fans: Fans) -> None:
    ada, bob = await fans.come("ada", "bob")
    person = await fans.person("ada")
    asked = [
        AskedRequest(fans.room.event, person, HelpRequest(id=new_id(), kind=kind, place=DescribedPlace("Here")))
        for kind in [*RequestKind] * 3
    ]
    outcomes = await fans.flood(asked)
    assert [one is None for one in outcomes] == [number < LINES_MAX for number in range(len(asked))]
    refused = await fans.ask(ada)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == str(int(LINES_WITHIN.total_seconds()))
    text = {"id": str(new_id()), "text": "More"}
    assert (await fans.act(ada, str(asked[0].asked.id), "texts", text)).status_code == 429
    assert len(await fans.own(ada)) == len(RequestKind), "one open request of each kind"
    assert (await fans.ask(bob)).status_code == 200
    fans.room.clock.advance(LINES_WITHIN)
    assert (await fans.ask(ada)).status_code == 200


async def test_a_flood_of_2000_requests_leaves_a_short_list_with_the_staffs_incidents_on_top(fans: Fans) -> None:
    (ada,) = await fans.come("ada")
    staffs = [await fans.room.reported(kind="medical", priority=1), await fans.room.reported(kind="fire", priority=1)]
    fans.room.clock.advance(timedelta(seconds=1))
    kinds = list(RequestKind)
    flood = [one for kind in kinds for one in requests_from(fans.room.event, 500, kind)]
    mine, *outcomes = await asyncio.gather(fans.ask(ada, text="Help me"), fans.flood(flood))
    assert outcomes == [[None] * 2000], "each request is stored"
    assert mine.status_code == 200
    listed = await fans.room.incidents()
    assert {one["id"] for one in listed[:2]} == set(staffs)
    fan_incidents = listed[2:]
    assert len(fan_incidents) <= OWN_INCIDENTS * len(kinds) + 1
    assert sum(one["requests"] for one in fan_incidents) == 2001
    (own,) = await fans.own(ada)
    assert own["state"] == "sent"
    taken = max(fan_incidents, key=lambda one: one["requests"])
    found = await fans.at(taken["id"])
    assert (found["zones"], len(found["requests"])) == ([{"zone": "", "count": taken["requests"]}], 50)


async def test_after_a_false_request_further_ones_of_its_sender_have_the_lowest_priority(
    fans: Fans, tmp_path: Path
) -> None:
    ada, bob = await fans.come("ada", "bob")
    first = (await fans.asked(ada, "danger"))["id"]
    body = {"id": str(new_id())}
    for _ in range(2):
        (marked,) = (await fans.room.ask("POST", f"requests/{first}/false", body)).json()["requests"]
        assert marked["false_at"] is not None
    assert [one["kind"] for one in (await fans.room.detail(first))["entries"]] == ["incident_reported", "request_false"]
    await fans.room.change(first, "resolved")
    again = (await fans.asked(ada, "danger"))["id"]
    serious = (await fans.asked(bob, "danger"))["id"]
    listed = {one["id"]: one["priority"] for one in await fans.room.incidents()}
    assert (listed[again], listed[serious]) == (3, 1), "the doubted request is kept, below the others"
    (seen,) = (await fans.at(again))["requests"]
    assert seen["is_doubted"] is True
    report = verify((await fans.room.log(tmp_path / "log.jsonl")).read_bytes().splitlines())
    assert isinstance(report, LogReport)
    assert report.findings == ()


async def test_an_answer_reaches_all_fans_of_an_incident_and_no_other(fans: Fans) -> None:
    names = [f"fan{number}" for number in range(OWN_INCIDENTS + 2)]
    *fold, other = await fans.come(*names, "other")
    for fan in fold:
        fans.room.clock.advance(timedelta(seconds=1))
        await fans.asked(fan, "abuse")
    await fans.asked(other, "abuse", place=WORDS)
    joined = next(one for one in await fans.room.incidents() if one["requests"] > 1)
    assert joined["requests"] == 3
    assert (await fans.at(joined["id"]))["zones"] == [{"zone": BLOCK, "count": 3}]
    assert (await fans.answer(joined["id"], "on_the_way")).status_code == 200
    states = [(await fans.own(fan))[0]["state"] for fan in [*fold, other]]
    assert states == ["sent"] * (OWN_INCIDENTS - 1) + ["on_the_way"] * 3 + ["sent"]


async def test_the_push_message_about_a_request_says_only_that_there_is_news(fans: Fans) -> None:
    ada, bob = await fans.come("ada", "bob")
    for name, fan in (("ada", ada), ("bob", bob)):
        body = {"endpoint": f"https://push.example.org/{name}", "p256dh": POINT, "auth": base64url(bytes(16))}
        answer = await fans.world.ask(fan, "PUT", f"/api/me/push-subscriptions/{new_id()}", body)
        assert answer.status_code == 204, answer.text
    hidden = (await fans.asked(bob, "abuse", text="The man in front of me"))["id"]
    await fans.act(bob, hidden, "hiding")
    for incident in (hidden, (await fans.asked(ada, "abuse", text="The man in front of me"))["id"]):
        assert (await fans.answer(incident, "on_the_way", text="To row 1")).status_code == 200
    (row,) = await fans.world.rows("select payload from kernel.job where entrypoint = 'push'")
    job = msgspec.json.decode(row["payload"], type=PushJob)
    said = msgspec.json.decode(job.text)
    assert len(job.subscription_ids) == 1
    assert (said["kind"], said["title"], said["body"]) == ("help", "Il y a du nouveau concernant votre demande", "")
    assert not any(secret in job.text for secret in ("abuse", "row 1", "on_the_way", "man in front"))


async def test_an_incident_of_the_staff_has_no_fans_to_answer(fans: Fans) -> None:
    incident = await fans.room.reported()
    assert (await fans.answer(incident, "received")).status_code == 404
    assert len((await fans.room.detail(incident))["entries"]) == 1


async def test_the_log_holds_neither_the_sender_nor_what_was_said_and_stays_intact(fans: Fans, tmp_path: Path) -> None:
    (ada,) = await fans.come("ada")
    await fans.asked(ada, text="The man with the red scarf", callback="0612345678")
    exported = (await fans.room.log(tmp_path / "log.jsonl")).read_text()
    for secret in ("red scarf", "0612345678", str(await fans.person("ada")), '"row"'):
        assert secret not in exported
    report = verify(exported.encode().splitlines())
    assert isinstance(report, LogReport)
    assert report.findings == ()


async def test_requests_and_answers_are_deleted_after_30_days_and_the_log_stays_intact(
    fans: Fans, tmp_path: Path
) -> None:
    (ada,) = await fans.come("ada")
    request = (await fans.asked(ada, text="Help"))["id"]
    assert (await fans.answer(request, "received", text="We read it")).status_code == 200
    await fans.retained(29)
    assert len((await fans.at(request))["requests"][0]["lines"]) == 1
    await fans.retained(2)
    for table in ("request", "request_line", "answer"):
        assert await fans.world.rows(f"select * from safety.{table}") == [], table
    (listed,) = await fans.room.incidents()
    assert (listed["id"], listed["requests"]) == (request, 0)
    report = verify((await fans.room.log(tmp_path / "log.jsonl")).read_bytes().splitlines())
    assert isinstance(report, LogReport)
    assert report.findings == ()


async def test_an_erased_person_leaves_a_request_without_person_text_and_place(fans: Fans) -> None:
    ada, bob = await fans.come("ada", "bob")
    request = (await fans.asked(ada, text="My name is Ada"))["id"]
    kept = (await fans.asked(bob, text="Bob"))["id"]
    async with fans.world.db.transaction() as conn:
        assert await forget_teams_and_requests(conn, await fans.person("ada"), fans.world.clock.now()) is None
    (left,) = (await fans.at(request))["requests"]
    assert (left["name"], left["callback"], left["lines"]) == (None, None, [])
    assert (await fans.at(kept))["requests"][0]["lines"][0]["text"] == "Bob"
    assert await fans.own(ada) == []


async def test_the_export_of_a_person_has_their_requests_and_answers_also_hidden_ones(fans: Fans) -> None:
    ada, bob = await fans.come("ada", "bob")
    request = (await fans.asked(ada, "abuse", text="Insults"))["id"]
    await fans.asked(bob, "danger")
    await fans.answer(request, "received")
    await fans.act(ada, request, "hiding")
    async with fans.world.db.connection() as conn:
        (exported,) = await PERSON_EXPORTS["safety"](conn, await fans.person("ada"))
    assert (str(exported.id), exported.kind, exported.lines[0].text) == (request, "abuse", "Insults")
    assert [one.answer for one in exported.answers] == ["received"]


ASKED = st.lists(
    st.tuples(st.sampled_from(RequestKind), st.sampled_from("ABCDEFGH"), st.booleans(), st.integers(0, 200)),
    max_size=150,
)


@given(ASKED)
def test_any_flood_makes_few_incidents_and_joins_only_the_same_kind_and_doubt(
    asked: list[tuple[RequestKind, str, bool, int]],
) -> None:
    now, incidents = NOON, list[FanIncident]()
    for kind, zone, is_doubted, passed_s in asked:
        now += timedelta(seconds=passed_s)
        joined = incident_for(incidents, kind, zone, is_doubted=is_doubted, now=now)
        if joined is None:
            incidents.append(FanIncident(new_id(), INCIDENTS[kind][0], zone, is_doubted, now))
        else:
            assert (joined.kind, joined.is_doubted) == (INCIDENTS[kind][0], is_doubted)
            is_flood = is_doubted or sum(not one.is_doubted for one in incidents) >= INCIDENTS_MAX
            assert is_flood or (joined.zone == zone and now - joined.reported_at < FOLD_WITHIN)
    assert len(incidents) <= INCIDENTS_MAX + 2 * len(RequestKind)
