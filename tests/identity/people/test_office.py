import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from virage.identity.people import acts, reads
from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant, Principal
from virage.site.programme.acts import add_organiser, create
from virage.site.programme.rules import NewEvent, Organiser

ADMIN = "office@example.org"
GUEST = "steward@example.org"


async def invite(
    browser: httpx.AsyncClient, role: str = "box_office", email: str = GUEST, **more: Any
) -> httpx.Response:
    return await browser.post("/api/office/invitations", json={"email": email, "role": role, "scope": "all"} | more)


async def accept(browser: httpx.AsyncClient, link: str) -> httpx.Response:
    return await browser.post("/api/invitations/accept", json={"code": link.partition("#")[2]})


@pytest.fixture
async def admin(client: httpx.AsyncClient, sign_in: Any, make_staff: Any) -> httpx.AsyncClient:
    """A browser with a fresh sign-in of an unscoped administrator."""
    await make_staff(ADMIN, [Grant("admin")])
    await sign_in(client, ADMIN)
    return client


@pytest.fixture
async def organiser(db: Database, clock: Any) -> UUID:
    async with db.transaction() as conn:
        added = await add_organiser(conn, Organiser(uuid4(), "A tournament"), None, clock.now())
    assert not isinstance(added, Refused)
    return added.id


@pytest.fixture
async def foreign(db: Database, clock: Any) -> UUID:
    """Another organiser."""
    async with db.transaction() as conn:
        added = await add_organiser(conn, Organiser(uuid4(), "Another"), None, clock.now())
    assert not isinstance(added, Refused)
    return added.id


@pytest.fixture
async def event(db: Database, clock: Any, organiser: UUID) -> UUID:
    now = clock.now()
    new = NewEvent(
        id=uuid4(),
        organiser_id=organiser,
        kind="match",
        title={"fr": "Un match", "en": "A match"},
        doors_at=now + timedelta(days=9),
        starts_at=now + timedelta(days=9, hours=2),
        ends_at=now + timedelta(days=9, hours=4),
        sale_opens_at=now,
        sale_closes_at=now + timedelta(days=9),
    )
    async with db.transaction() as conn:
        created = await create(conn, new, None, now)
    assert not isinstance(created, Refused), created
    return created.id


async def test_staff_join_by_the_emailed_link(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    invited = await invite(admin, email="Steward@Example.org")
    assert invited.status_code == 201, invited.text
    link = await emails.link(GUEST)
    assert link.startswith("https://virage.local/office/invitation#")
    await sign_in(other, GUEST)
    assert (await other.get("/api/office/staff")).status_code == 403
    joined = await accept(other, link)
    assert joined.json() == {"role": "box_office", "scope": "all", "scope_id": None}
    me = (await other.get("/api/me")).json()
    assert (me["kind"], me["grants"]) == ("staff", [joined.json()])
    assert (await accept(other, link)).json()["code"] == "invitation_invalid"


async def test_only_the_invited_address_can_accept_and_the_link_stays_valid(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await invite(admin)
    link = await emails.link(GUEST)
    await sign_in(other, "fan@example.org")
    assert (await accept(other, link)).json()["code"] == "invitation_invalid"
    await sign_in(other, GUEST)
    assert (await accept(other, link)).status_code == 200


async def test_an_invitation_works_for_seven_days(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any, clock: Any
) -> None:
    await invite(admin)
    link = await emails.link(GUEST)
    clock.advance(timedelta(days=7))
    await sign_in(other, GUEST)
    assert (await accept(other, link)).json()["code"] == "invitation_invalid"


async def test_a_new_invitation_to_the_same_role_invalidates_the_old_link(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await invite(admin)
    old = await emails.link(GUEST)
    await invite(admin)
    await sign_in(other, GUEST)
    assert (await accept(other, old)).status_code == 409


async def test_a_repeated_invitation_request_sends_one_email(admin: httpx.AsyncClient, emails: Any) -> None:
    invitation = str(uuid4())
    answers = [(await invite(admin, id=invitation)).json()["id"] for _ in range(2)]
    assert answers == [invitation, invitation]
    assert len(await emails.to(GUEST)) == 1


async def test_a_reused_invitation_id_is_refused_and_changes_nothing(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    taken = str(uuid4())
    first = await invite(admin, "steward", id=taken)
    await invite(admin, "finance", email="finance@example.org")
    for more in ({"role": "admin"}, {"role": "finance", "email": "finance@example.org"}):
        answer = await admin.post("/api/office/invitations", json={"email": GUEST, "scope": "all", "id": taken} | more)
        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")
    assert (await invite(admin, "steward", id=taken)).json() == first.json()
    waiting = (await admin.get("/api/office/staff")).json()["invitations"]
    assert sorted((sent["email"], sent["role"]) for sent in waiting) == [
        ("finance@example.org", "finance"),
        (GUEST, "steward"),
    ]
    link = await emails.link("finance@example.org")
    await sign_in(other, "finance@example.org")
    assert (await accept(other, link)).status_code == 200


async def test_a_withdrawn_invitation_is_refused(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    invitation = (await invite(admin)).json()["id"]
    assert [waiting["id"] for waiting in (await admin.get("/api/office/staff")).json()["invitations"]] == [invitation]
    assert (await admin.delete(f"/api/office/invitations/{invitation}")).status_code == 204
    assert (await admin.delete(f"/api/office/invitations/{invitation}")).status_code == 404
    link = await emails.link(GUEST)
    await sign_in(other, GUEST)
    assert (await accept(other, link)).status_code == 409


async def test_inviting_and_revoking_ask_for_a_recent_sign_in(
    admin: httpx.AsyncClient, sign_in: Any, clock: Any
) -> None:
    clock.advance(timedelta(minutes=16))
    grant = (await admin.get("/api/office/staff")).json()["grants"][0]["id"]
    for answer in (await invite(admin), await admin.delete(f"/api/office/grants/{grant}")):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    await sign_in(admin, ADMIN)
    assert (await invite(admin)).status_code == 201


@pytest.mark.parametrize("role", ["programme", "box_office", "finance", "steward", "cashier"])
async def test_other_roles_cannot_list_or_invite_staff(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, role: str
) -> None:
    await make_staff(ADMIN, [Grant(role)])
    await sign_in(client, ADMIN)
    assert (await invite(client, role)).status_code == 403
    assert (await client.get("/api/office/staff")).status_code == 403
    assert (await client.delete(f"/api/office/grants/{uuid4()}")).status_code == 403


@pytest.mark.parametrize(
    "more",
    [
        {"scope_id": "x"},
        {"scope": "gate"},
        {"scope": "gate", "scope_id": "no such gate"},
        {"scope": "outlet", "scope_id": "no such outlet"},
        {"scope": "event", "scope_id": "tonight"},
        {"scope": "event", "scope_id": str(uuid4())},
        {"scope": "organiser", "scope_id": str(uuid4())},
        {"scope": "planet", "scope_id": "earth"},
        {"role": "emperor"},
        {"email": "invalid"},
    ],
)
async def test_an_invalid_invitation_is_refused(admin: httpx.AsyncClient, emails: Any, more: dict[str, Any]) -> None:
    assert (await invite(admin, **more)).status_code == 400
    assert await emails.to(GUEST) == []


async def test_gates_and_outlets_of_the_venue_are_scopes(admin: httpx.AsyncClient) -> None:
    geometry = (await admin.get("/api/venue")).json()["version"]
    ground = (await admin.get(f"/api/venue/{geometry}/geometry")).json()
    for scope, role, places in (("gate", "steward", ground["gates"]), ("outlet", "cashier", ground["outlets"])):
        answer = await invite(admin, role, scope=scope, scope_id=places[0]["code"])
        assert answer.status_code == 201, answer.text
    assert (await invite(admin, "steward", scope="gate", scope_id=ground["gates"][0]["group"])).status_code == 201


async def test_an_organisers_administrator_stays_within_the_organiser(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, *, organiser: UUID, event: UUID, foreign: UUID
) -> None:
    await make_staff("finance@example.org", [Grant("finance"), Grant("finance", "organiser", foreign)])
    await make_staff("desk@example.org", [Grant("box_office", "event", event)])
    await make_staff(ADMIN, [Grant("admin", "organiser", organiser)])
    await sign_in(client, ADMIN)
    within: Sequence[dict[str, str]] = (
        {"scope": "organiser", "scope_id": str(organiser)},
        {"scope": "event", "scope_id": str(event)},
    )
    for more in within:
        assert (await invite(client, "box_office", **more)).status_code == 201
    for more in ({"scope": "organiser", "scope_id": str(foreign)}, {"scope": "all"}):
        assert (await invite(client, "box_office", **more)).status_code == 403
    seen = (await client.get("/api/office/staff")).json()
    assert {grant["email"] for grant in seen["grants"]} == {ADMIN, "desk@example.org"}
    assert len(seen["invitations"]) == 2


async def test_a_revoked_grant_is_gone_at_once(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, make_staff: Any
) -> None:
    await make_staff(GUEST, [Grant("admin")])
    await sign_in(other, GUEST)
    staff = (await admin.get("/api/office/staff")).json()["grants"]
    grant = next(given["id"] for given in staff if given["email"] == GUEST)
    assert (await admin.delete(f"/api/office/grants/{grant}")).status_code == 204
    assert (await other.get("/api/office/staff")).status_code == 403
    assert (await other.get("/api/me")).json()["kind"] == "fan"
    assert (await admin.delete(f"/api/office/grants/{grant}")).status_code == 404


async def test_grants_outside_the_scope_cannot_be_revoked(
    client: httpx.AsyncClient, sign_in: Any, make_staff: Any, organiser: UUID, conn: Connection
) -> None:
    await make_staff(GUEST, [Grant("finance")])
    grant = await conn.fetchval("select id from people.role_grant")
    await make_staff(ADMIN, [Grant("admin", "organiser", organiser)])
    await sign_in(client, ADMIN)
    assert (await client.delete(f"/api/office/grants/{grant}")).status_code == 403
    assert await conn.fetchval("select count(*) from people.role_grant") == 2


async def test_the_last_administrator_stays(admin: httpx.AsyncClient) -> None:
    grant = (await admin.get("/api/office/staff")).json()["grants"][0]["id"]
    assert (await admin.delete(f"/api/office/grants/{grant}")).json()["code"] == "last_admin"
    assert (await admin.get("/api/office/staff")).status_code == 200


async def test_two_administrators_cannot_remove_each_other_at_once(
    db: Database, conn: Connection, make_staff: Any, clock: Any
) -> None:
    people = [await make_staff(address, [Grant("admin")]) for address in (ADMIN, GUEST)]
    grants = [await conn.fetchval("select id from people.role_grant where person_id = $1", person) for person in people]

    async def remove(writing: Connection, actor: UUID, grant: UUID) -> Refused | None:
        return await acts.revoke_grant(
            writing, None, Principal("staff", actor, None, (Grant("admin"),)), grant, clock.now()
        )

    async def second() -> Refused | None:
        async with db.transaction() as writing:
            return await remove(writing, people[1], grants[0])

    async with db.transaction() as writing:
        assert await remove(writing, people[0], grants[1]) is None
        other = asyncio.create_task(second())
        blocked = "select exists(select from pg_stat_activity where wait_event_type = 'Lock')"
        async with asyncio.timeout(10):
            while not other.done() and not await conn.fetchval(blocked):  # noqa: ASYNC110 - a lock is no event
                await asyncio.sleep(0.01)
    refusal = await other
    assert refusal is not None
    assert refusal.reason == "last_admin"


async def test_joining_the_staff_makes_sessions_as_short_as_a_shift(
    db: Database, conn: Connection, clock: Any, make_staff: Any
) -> None:
    async with db.transaction() as writing:
        fan = await acts.ensure_fan(writing, GUEST, None, clock.now())
        await acts.open_session(writing, fan, clock.now())
    await make_staff(GUEST, [Grant("steward")])
    assert await conn.fetchval("select expires_at from people.session") == clock.now() + timedelta(hours=12)


async def test_the_first_administrator_is_invited_by_the_operator_once(
    client: httpx.AsyncClient, db: Database, sign_in: Any, clock: Any
) -> None:
    async with db.transaction() as conn:
        first = await acts.invite_first_admin(conn, "Office@example.org", clock.now())
    assert isinstance(first, acts.FirstAdmin)
    await sign_in(client, ADMIN)
    assert (await accept(client, f"#{first.code}")).json()["role"] == "admin"
    async with db.transaction() as conn:
        second = await acts.invite_first_admin(conn, "other@example.org", clock.now())
    assert isinstance(second, Refused)
    assert second.reason == "admin_exists"


async def test_demonstration_staff_are_there_once(conn: Connection, make_staff: Any) -> None:
    grants = [Grant("admin"), Grant("steward", "gate", "12")]
    assert await make_staff(ADMIN, grants) == await make_staff(ADMIN, grants)
    assert await conn.fetchval("select count(*) from people.role_grant") == 2


async def test_a_list_is_limited_after_filtering_by_scope(
    client: httpx.AsyncClient,
    sign_in: Any,
    make_staff: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    organiser: UUID,
    event: UUID,
) -> None:
    for name in ("aa", "ab", "ac"):
        await make_staff(f"{name}@example.org", [Grant("box_office")])
    await make_staff("zz@example.org", [Grant("steward", "event", event)])
    await make_staff("office@example.org", [Grant("admin", "organiser", organiser)])
    monkeypatch.setattr(reads, "STAFF_MAX", 2)
    await sign_in(client, "office@example.org")
    seen = (await client.get("/api/office/staff")).json()["grants"]
    assert [grant["email"] for grant in seen] == ["office@example.org", "zz@example.org"]


async def test_an_invitation_shows_its_role_before_it_is_accepted(
    admin: httpx.AsyncClient, other: httpx.AsyncClient, sign_in: Any, emails: Any
) -> None:
    await invite(admin)
    code = {"code": (await emails.link(GUEST)).partition("#")[2]}
    refused = await admin.post("/api/invitations/read", json=code)
    assert refused.json()["code"] == "invitation_invalid", "the invitation was sent to another address"
    await sign_in(other, GUEST)
    for _ in range(2):
        shown = await other.post("/api/invitations/read", json=code)
        assert shown.json() == {"role": "box_office", "scope": "all", "scope_id": None}
    assert (await other.get("/api/me")).json()["grants"] == []
