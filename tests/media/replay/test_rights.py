"""Rights of clips: the rule alone, and on every route of the application."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.app import pitch
from tests.app.conftest import World
from tests.conftest import FakeClock, alive
from tests.media.live.conftest import Match
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.media import MediaVault, key_period
from virage.media.replay.rules.rights import Anywhere, Audience, Countries, Networks, Reason, Rights, Viewer, may_watch
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.settings.origin import Origin, origin_of
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application

NOW = datetime(2026, 5, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLIP = Clip(UUID(int=1), UUID(int=2), NOW - HOUR, NOW, ["main"], NOW)
GROUND = Networks(["10.20.0.0/16", "2001:db8::/32"])

viewers = st.builds(
    Viewer,
    ticket=st.booleans(),
    inside=st.booleans(),
    address=st.sampled_from([None, "10.20.3.4", "203.0.113.9", "2001:db8::7", "2001:dead::1"]),
    country=st.sampled_from([None, "FR", "DE"]),
    crew=st.booleans(),
)
rights_ = st.builds(
    Rights,
    who=st.sampled_from(list(Audience)),
    where=st.sampled_from([Anywhere(), GROUND, Countries(["FR", "BE"])]),
    from_at=st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR]),
    until_at=st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR]),
    download=st.booleans(),
    share=st.booleans(),
)


@given(rights_, viewers)
def test_a_viewer_must_meet_every_condition_of_the_rights(rights: Rights, viewer: Viewer) -> None:
    who = {
        Audience.EVERYBODY: True,
        Audience.TICKET: viewer.ticket,
        Audience.INSIDE: viewer.ticket and viewer.inside,
    }[rights.who]
    where = (
        isinstance(rights.where, Anywhere)
        or (rights.where == GROUND and viewer.address in ("10.20.3.4", "2001:db8::7"))
        or (isinstance(rights.where, Countries) and viewer.country == "FR")
    )
    when = (rights.from_at is None or rights.from_at <= NOW) and (rights.until_at is None or rights.until_at > NOW)
    assert (may_watch(rights, CLIP, viewer, NOW) is None) == (viewer.crew or (who and where and when))


@given(rights_, viewers)
def test_a_withdrawn_clip_is_refused_and_a_public_clip_is_for_everyone(rights: Rights, viewer: Viewer) -> None:
    assert may_watch(rights, replace(CLIP, withdrawn_at=NOW), viewer, NOW) == Refused(Reason.GONE)
    never = replace(CLIP, published_at=None)
    for hidden in (never, replace(never, withdrawn_at=NOW)):
        assert may_watch(rights, hidden, viewer, NOW) == Refused(Reason.NOT_FOUND), "its existence is not disclosed"
    if rights.public(NOW):
        assert may_watch(rights, CLIP, Viewer(), NOW) is None


def test_a_clip_is_refused_before_its_time_and_inside_without_a_ticket() -> None:
    assert may_watch(Rights(from_at=NOW), CLIP, Viewer(), NOW) is None
    assert may_watch(Rights(until_at=NOW), CLIP, Viewer(), NOW) is not None
    assert may_watch(Rights(who=Audience.INSIDE), CLIP, Viewer(inside=True), NOW) is not None


@pytest.mark.parametrize(
    ("peer", "sent", "seen"),
    [
        ("203.0.113.9", {"x-forwarded-for": "10.20.3.4", "x-country": "FR"}, Origin("203.0.113.9")),
        ("192.0.2.1", {"x-forwarded-for": "10.20.3.4, 203.0.113.9", "x-country": "fr"}, Origin("203.0.113.9", "FR")),
        ("192.0.2.1", {"x-forwarded-for": "203.0.113.9, 192.0.2.7"}, Origin("203.0.113.9")),
        ("192.0.2.1", {}, Origin()),
        ("192.0.2.1", {"x-forwarded-for": "nonsense"}, Origin()),
        (None, {"x-country": "FR"}, Origin()),
        ("::ffff:203.0.113.9", {}, Origin("203.0.113.9")),
        ("::ffff:192.0.2.1", {"x-forwarded-for": "::ffff:203.0.113.9, ::ffff:192.0.2.7"}, Origin("203.0.113.9")),
        ("2001:db8::7", {"x-forwarded-for": "10.20.3.4"}, Origin("2001:db8::7")),
    ],
    ids=[
        "no edge",
        "the edge",
        "two edges",
        "an edge that says nothing",
        "an edge that errs",
        "no peer",
        "IPv4 by a socket of both families",
        "the edge by such a socket",
        "IPv6",
    ],
)
def test_only_trusted_proxies_state_address_and_country(peer: str | None, sent: dict[str, str], seen: Origin) -> None:
    assert origin_of(peer, sent.items(), ("192.0.2.0/24",)) == seen


def test_location_headers_of_a_phone_are_ignored() -> None:
    """Some proxies append a header line instead of extending that of the phone."""
    spoofed = [("x-forwarded-for", "10.20.3.4"), ("x-country", "FR")]
    seen = [("X-Forwarded-For", "203.0.113.9"), ("X-Country", "DE")]
    assert origin_of("192.0.2.1", [*spoofed, *seen], ("192.0.2.0/24",)) == Origin("203.0.113.9", "DE")


class ClipMatch(Match):
    """A match with a clip, its moderator, and the routes of the clip."""

    def __init__(self, world: World, desk: dict[str, str], clip_id: str, doors: list[str]) -> None:
        super().__init__(world, desk)
        self.clip_id = clip_id
        self.doors = doors
        self.revision = 0

    async def allow(self, **rights: Any) -> None:
        path = f"/api/replay/events/{self.world.event}/rights"
        answer = await self.world.ask(self.desk, "PUT", path, {"rights": rights, "revision": self.revision})
        assert answer.status_code == 200, answer.text
        self.revision = answer.json()["revision"]

    async def answers(self, who: dict[str, str] | None = None) -> set[int | str]:
        """Return the responses of all routes: 200, or the refusal."""
        found: set[int | str] = set()
        for door in self.doors:
            answer = await self.world.ask(who or {}, "GET", door)
            found.add(200 if answer.status_code == 200 else answer.json()["code"])
        return found


@pytest.fixture
async def clip_match(app: Application, db: Database, clock: FakeClock, config: Config) -> AsyncIterator[ClipMatch]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        roles = ("media_desk", "moderator")
        desk = await world.signed_in("desk@example.org", *(Grant(role, "event", world.event) for role in roles))
        clip_id = await pitch.new_clip(world, desk)
        at, vault = key_period(clock.now()), MediaVault([config.secret])
        async with db.transaction() as conn:
            await store.add_key(conn, "main", at, vault.new("main", at))
        clip = f"/api/replay/clips/{clip_id}"
        key = f"/api/replay/keys/{clip_id}/main/{int(at.timestamp())}"
        yield ClipMatch(
            world, desk, clip_id, [clip, f"{clip}/start", f"{clip}/main/main.m3u8", f"{clip}/main/video.m3u8", key]
        )


async def test_default_rights_admit_everyone_and_allow_shared_caches(clip_match: ClipMatch) -> None:
    assert await clip_match.answers() == {200}
    held = [(await clip_match.world.ask({}, "GET", door)).headers["cache-control"] for door in clip_match.doors]
    assert held == ["public, max-age=1"] * 4 + ["no-store"]


async def test_a_clip_for_ticket_holders_admits_them_until_their_refund(clip_match: ClipMatch) -> None:
    await clip_match.allow(who="ticket")
    world = clip_match.world
    fan, other = await world.signed_in("fan@example.org"), await world.signed_in("other@example.org")
    order = await world.buy(fan)
    await world.buy(other, event=world.their_event)
    refused = {"replay_ticket_needed"}
    assert [await clip_match.answers(who) for who in ({}, fan, other, clip_match.desk)] == [
        refused,
        {200},
        refused,
        {200},
    ]
    theirs = Grant("moderator", "event", world.their_event)
    assert await clip_match.answers(await world.signed_in("neighbour@example.org", theirs)) == refused, (
        "a moderator of another event has no access"
    )
    held = [(await world.ask(fan, "GET", door)).headers["cache-control"] for door in clip_match.doors]
    assert held == ["private, max-age=1"] * 4 + ["no-store"]
    async with world.db.transaction() as conn:
        await conn.execute("update ticketing.orders set state = 'refunded' where id = $1", UUID(order["id"]))
    assert await clip_match.answers(fan) == refused


async def test_a_clip_for_people_inside_admits_them_from_entry_to_exit(clip_match: ClipMatch) -> None:
    await clip_match.allow(who="inside")
    world = clip_match.world
    fan = await world.signed_in("fan@example.org")
    await world.buy(fan)
    assert await clip_match.answers(fan) == {"replay_inside_needed"}
    (number,) = (await world.rows("select min(number) from passes.pass where event_id = $1", world.event))[0]
    present = "insert into access.presence (event_id, pass_number, state, since, gate) values ($1, $2, $3, now(), 'A1')"
    again = " on conflict (event_id, pass_number) do update set state = excluded.state"
    for state, answer in (("inside", {200}), ("outside", {"replay_inside_needed"})):
        await world.rows(present + again, world.event, number, state)
        assert await clip_match.answers(fan) == answer


async def test_rights_limit_time_and_place(clip_match: ClipMatch) -> None:
    now = clip_match.world.clock.now()
    await clip_match.allow(from_at=(now + HOUR).isoformat())
    assert await clip_match.answers() == {"replay_not_yet"}
    first = await clip_match.world.ask(clip_match.desk, "GET", clip_match.doors[1])
    assert first.headers["cache-control"] == "private, max-age=1", "shared caches must not store it"
    await clip_match.allow(until_at=now.isoformat())
    assert await clip_match.answers() == {"replay_over"}
    await clip_match.allow(where={"kind": "networks", "networks": ["10.20.0.0/16"]})
    assert await clip_match.answers() == {"replay_not_here"}
    await clip_match.allow(where={"kind": "networks", "networks": ["127.0.0.0/8"]})
    assert await clip_match.answers() == {200}
    await clip_match.allow(where={"kind": "countries", "countries": ["FR"]})
    assert await clip_match.answers({"x-country": "FR"}) == {"replay_not_here"}, "this peer is not the edge"


async def test_invalid_rights_and_an_outdated_revision_are_refused(clip_match: ClipMatch) -> None:
    path = f"/api/replay/events/{clip_match.world.event}/rights"
    now = clip_match.world.clock.now()
    for rights in (
        {"where": {"kind": "networks", "networks": ["10.0.0.1/8"]}},
        {"where": {"kind": "countries", "countries": ["France"]}},
        {"from_at": now.isoformat(), "until_at": now.isoformat()},
        {"who": "friends"},
    ):
        answer = await clip_match.world.ask(clip_match.desk, "PUT", path, {"rights": rights, "revision": 0})
        assert answer.status_code == 400, answer.text
    assert (await clip_match.world.ask(clip_match.desk, "GET", path)).json()["revision"] == 0
    await clip_match.allow(download=True)
    late = await clip_match.world.ask(clip_match.desk, "PUT", path, {"rights": {"share": False}, "revision": 0})
    assert (late.status_code, late.json()["data"]) == (409, {"revision": 1})
    again = await clip_match.world.ask(clip_match.desk, "PUT", path, {"rights": {"download": True}, "revision": 0})
    assert again.json() == {"revision": 1}
    facts = await clip_match.world.rows("select data from kernel.journal where what = 'replay_rights'")
    assert [fact["data"] for fact in facts] == [{"revision": 1}]
