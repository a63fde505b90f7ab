"""Roles and devices in a deployment with two venues, whose posts have the same local codes."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

from tests.identity.people.pairing import expect_device, listed, open_code, paired
from tests.venues import ARENA, arena, install
from virage.identity.people import acts, reads
from virage.identity.people.acts.authenticate import PeopleAuthenticator
from virage.identity.people.rules.devices import OUTLET, Posts, normalise_posts
from virage.identity.people.rules.pins import PinVerifier
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.tokens import token_hash
from virage.platform.web.guard import Credential, Grant, Principal, holds
from virage.platform.web.scopes import outlets_of
from virage.site.programme.acts import add_organiser, create, publish
from virage.site.programme.rules import EventRules, NewEvent, Organiser

PIN = PinVerifier(b"salt", 1, b"verifier")
CHIEF = "chief@example.org"
HOUR = timedelta(hours=1)


class Events(NamedTuple):
    """An event at each venue, sold by one organiser, and that organiser."""

    here: UUID
    there: UUID
    organiser: UUID


@pytest.fixture(autouse=True)
async def two(monkeypatch: pytest.MonkeyPatch, db: Database) -> None:
    await install(db, monkeypatch, arena())


@pytest.fixture
async def events(db: Database, clock: Clock) -> Events:
    made, now = Events(uuid4(), uuid4(), uuid4()), clock.now()
    async with db.transaction() as conn:
        await add_organiser(conn, Organiser(made.organiser, "The club"), None, now)
        for id_, venue_code in zip(made[:2], ("stadium", ARENA), strict=True):
            new = NewEvent(
                id=id_,
                venue_code=venue_code,
                organiser_id=made.organiser,
                kind="match",
                title={"fr": "Un match", "en": "A match"},
                doors_at=now + HOUR,
                starts_at=now + 2 * HOUR,
                ends_at=now + 4 * HOUR,
                sale_opens_at=now - HOUR,
                sale_closes_at=now + 2 * HOUR,
                rules=EventRules(),
            )
            assert not hasattr(await create(conn, new, None, now), "code")
            assert not hasattr(await publish(conn, id_, None, now), "code")
    return made


@pytest.fixture
async def chief(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> httpx.AsyncClient:
    """A browser of the administrator of the arena."""
    await make_staff(CHIEF, [Grant("admin", "venue", ARENA)])
    await sign_in(client, CHIEF)
    return client


def wish(role: str, scope: str, scope_id: Any) -> dict[str, Any]:
    return {"email": "new@example.org", "role": role, "scope": scope, "scope_id": scope_id and str(scope_id)}


async def test_an_administrator_of_a_venue_gives_roles_within_it_only(chief: httpx.AsyncClient, events: Events) -> None:
    for scope, scope_id, status in (
        ("venue", ARENA, 201),
        ("gate", "arena.A", 201),
        ("gate", "arena.A1", 201),
        ("outlet", "arena.01", 201),
        ("event", events.there, 201),
        ("venue", "stadium", 403),
        ("gate", "A", 403),
        ("gate", "A1", 403),
        ("outlet", "01", 403),
        ("event", events.here, 403),
        ("organiser", events.organiser, 403),
        ("all", None, 403),
        ("venue", "nowhere", 400),
        ("gate", "arena.Z9", 400),
        ("gate", "nowhere.A1", 400),
    ):
        answer = await chief.post("/api/office/invitations", json=wish("steward", scope, scope_id))
        assert answer.status_code == status, (scope, scope_id, answer.text)


async def test_an_administrator_of_a_venue_sees_and_revokes_the_roles_within_it(
    chief: httpx.AsyncClient, make_staff: Any, events: Events
) -> None:
    inside: list[tuple[str, str | UUID | None]] = [
        ("venue", ARENA),
        ("gate", "arena.A"),
        ("outlet", "arena.01"),
        ("event", events.there),
    ]
    outside: list[tuple[str, str | UUID | None]] = [
        ("venue", "stadium"),
        ("gate", "A"),
        ("outlet", "01"),
        ("event", events.here),
        ("all", None),
    ]
    grants = [Grant("steward", scope, scope_id) for scope, scope_id in [*inside, *outside]]
    await make_staff("steward@example.org", grants)
    shown = (await chief.get("/api/office/staff")).json()["grants"]
    found = {(grant["scope"], grant["scope_id"]) for grant in shown if grant["role"] == "steward"}
    assert found == {(scope, str(scope_id)) for scope, scope_id in inside}
    for grant in shown:
        if grant["role"] == "steward":
            assert (await chief.delete(f"/api/office/grants/{grant['id']}")).status_code == 204


async def test_grants_outside_of_the_venue_cannot_be_revoked(
    chief: httpx.AsyncClient, make_staff: Any, db: Database
) -> None:
    person_id = await make_staff("steward@example.org", [Grant("steward", "gate", "A")])
    async with db.connection() as conn:
        grant_id = await conn.fetchval("select id from people.role_grant where person_id = $1", person_id)
    assert (await chief.delete(f"/api/office/grants/{grant_id}")).status_code == 403


async def test_an_account_shows_its_role_for_a_venue_as_one_grant(chief: httpx.AsyncClient) -> None:
    mine = (await chief.get("/api/me")).json()["grants"]
    assert mine == [{"role": "admin", "scope": "venue", "scope_id": ARENA}]


async def test_devices_belong_to_one_venue_and_to_its_supervisors(
    chief: httpx.AsyncClient, other: httpx.AsyncClient, make_staff: Any
) -> None:
    refused = await expect_device(chief, posts=["arena.A1", "A1"])
    assert (refused.status_code, "posts" in refused.text) == (400, True)
    assert (await expect_device(chief, posts=["A"])).status_code == 403
    kept = await paired(other, await open_code(chief, posts=["arena.A"]))
    assert kept["posts"] == ["arena.A"]
    assert [(device["id"], device["may_change"]) for device in await listed(chief)] == [(kept["device_id"], True)]
    path = f"/api/office/devices/{kept['device_id']}"
    for posts, status in ((["A"], 403), (["arena.B", "B"], 400), (["arena.B1", "arena.B"], 200)):
        assert (await chief.put(path, json={"name": "Lane 3", "posts": posts})).status_code == status, posts
    assert (await other.get("/api/devices/me")).json()["posts"] == ["arena.B"]


async def test_a_device_is_hidden_from_the_lead_of_the_other_venue(
    chief: httpx.AsyncClient, supervisor: httpx.AsyncClient, other: httpx.AsyncClient, *, sign_in: Any
) -> None:
    await paired(other, await open_code(supervisor, posts=["A1"]))
    del other.headers["authorization"]
    await sign_in(other, CHIEF)
    (device,) = await listed(supervisor)
    assert await listed(other) == []
    assert (await other.delete(f"/api/office/devices/{device['id']}")).status_code == 403


async def test_the_posts_that_a_device_left_are_kept_for_a_week(
    chief: httpx.AsyncClient, other: httpx.AsyncClient, db: Database, clock: Any
) -> None:
    kept = await paired(other, await open_code(chief, posts=["arena.A"]))
    device_id = UUID(kept["device_id"])

    async def left(posts: list[str] | None = None) -> list[str]:
        if posts is not None:
            answer = await chief.put(f"/api/office/devices/{device_id}", json={"name": "Lane", "posts": posts})
            assert answer.status_code == 200, answer.text
        async with db.transaction() as conn:
            held = (await reads.hold_devices(conn, [device_id]))[device_id]
        return held.left_posts(clock.now())

    assert await left() == []
    assert await left(["arena.A"]) == [], "only the name changed"
    assert await left(["arena.B"]) == ["arena.A"]
    assert await left(["arena.C"]) == ["arena.A", "arena.B"]
    clock.advance(timedelta(days=7))
    assert await left() == []


async def test_a_role_for_a_venue_counts_at_each_of_its_posts(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, db: Database, clock: Clock
) -> None:
    await make_staff("cook@example.org", [Grant("kitchen", "venue", ARENA)])
    await sign_in(client, "cook@example.org")
    credential = Credential("cookie", token_hash(client.cookies["__Host-virage"]))
    (who,) = await PeopleAuthenticator(db, clock)([credential])
    assert who is not None
    assert who.grants == (Grant("kitchen", "venue", ARENA),)
    assert outlets_of(who, ["kitchen"]) == [outlet.code for outlet in arena().outlets]
    assert holds(who, "kitchen", scope="outlet", scope_id="arena.01")
    for scope, scope_id in (("outlet", "01"), ("gate", "A1"), ("all", None)):
        assert not holds(who, "kitchen", scope=scope, scope_id=scope_id)
    assert not holds(who, "cashier", scope="outlet", scope_id="arena.01")


async def test_cashiers_sell_at_the_outlets_of_their_venue(
    make_staff: Any, db: Database, clock: Clock, events: Events
) -> None:
    both, there, here, nowhere = {"01", "arena.01"}, {"arena.01"}, {"01"}, set[str]()
    expected = {
        Grant("cashier", "venue", ARENA): there,
        Grant("cashier", "venue", "stadium"): here,
        Grant("cashier", "event", events.there): there,
        Grant("cashier", "event", events.here): here,
        Grant("cashier", "organiser", events.organiser): both,
        Grant("cashier", "outlet", "arena.01"): there,
        Grant("cashier"): both,
        Grant("steward", "venue", ARENA): nowhere,
    }
    for number, (grant, outlets) in enumerate(expected.items()):
        person_id = await make_staff(f"cashier{number}@example.org", [grant])
        async with db.transaction() as conn:
            await acts.set_pin(conn, person_id, PIN, clock.now())
            sellers = await reads.sellers(conn, clock.now())
            for outlet in both:
                may = await reads.may_sell_at(conn, person_id, outlet, clock.now())
                assert may == sellers.may_sell(person_id, outlet) == (outlet in outlets), (grant, outlet)
    async with db.connection() as conn:
        till = Principal("device", uuid4(), None, (Grant("till", "outlet", "arena.01"),))
        names = {entry.name for entry in await reads.till_roster(conn, till, events.there)}
    assert names == {"cashier0", "cashier2", "cashier4", "cashier5", "cashier6"}


async def test_the_office_lists_the_posts_of_every_venue(chief: httpx.AsyncClient) -> None:
    first, second = (await chief.get("/api/office/posts")).json()
    assert (first["code"], second["code"], second["name"]) == ("stadium", ARENA, "The Arena")
    assert {"code": "A1", "group": "A"} in first["gates"]
    assert {"code": "arena.A1", "group": "arena.A"} in second["gates"]
    assert second["outlets"] == [f"arena.{outlet}" for outlet in first["outlets"]]


def test_posts_of_two_venues_are_no_posts_of_a_device() -> None:
    posts = Posts(OUTLET, {"01": "01", "arena.01": "arena.01"}, {"": "stadium", "arena.": ARENA})
    assert normalise_posts(["arena.01"], posts) == ["arena.01"]
    assert normalise_posts(["01", "arena.01"], posts) is None
