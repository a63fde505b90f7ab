"""A stream ends with the rights of its subscriber."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from tests.listening import Subscription, subscribe
from virage.identity.people import acts as people
from virage.platform.data.journal import Fact, append
from virage.platform.realtime.hub import Hub
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal
from virage.platform.web.problems import Problem

if TYPE_CHECKING:
    from tests.app.conftest import World

KITCHEN = "kitchen:01"


async def rest_of(messages: Subscription) -> str:
    async with asyncio.timeout(10):
        return "".join([part.decode() async for part in messages])


@pytest.fixture
async def hub(world: "World") -> AsyncIterator[Hub]:
    yield world.app.state.hub
    world.app.state.hub.close()


async def principal_of(world: "World", email: str, *grants: Grant) -> tuple[Principal, str]:
    """The principal of a fresh sign-in, and its cookie."""
    person_id = await world.person(email, *grants)
    async with world.db.transaction() as conn:
        session = await people.open_session(conn, person_id, world.clock.now())
    return Principal("staff", person_id, session.session_id, grants, world.clock.now()), session.token


async def kitchen_moves(world: "World") -> None:
    async with world.db.transaction() as conn:
        await append(conn, [Fact("kitchen_said", None, new_id(), {"outlet": "01"})], world.clock.now())


async def test_the_stream_of_a_revoked_kitchen_device_ends(world: "World", hub: Hub) -> None:
    cook, _ = await principal_of(world, "cook@example.org", Grant("kitchen"))
    other, _ = await principal_of(world, "other@example.org", Grant("kitchen"))
    admin = await world.signed_in("admin@example.org", Grant("admin"))
    revoked, goes_on = await subscribe(hub, cook, [KITCHEN], None), await subscribe(hub, other, [KITCHEN], None)
    for messages in (revoked, goes_on):
        await anext(messages)
    [grant] = await world.rows("select id from people.role_grant where person_id = $1", cook.id)
    assert (await world.ask(admin, "DELETE", f"/api/office/grants/{grant['id']}")).status_code == 204
    await kitchen_moves(world)
    assert KITCHEN in (await anext(goes_on)).decode()
    assert await rest_of(revoked) == ""
    without_role = Principal("fan", cook.id, cook.session_id)
    with pytest.raises(Problem):
        await subscribe(hub, without_role, [KITCHEN], None)
    await goes_on.aclose()


async def test_a_sign_out_ends_the_streams_of_the_session(world: "World", hub: Hub) -> None:
    cook, token = await principal_of(world, "cook@example.org", Grant("kitchen"))
    messages = await subscribe(hub, cook, [KITCHEN], None)
    await anext(messages)
    assert (await world.ask({"cookie": f"__Host-virage={token}"}, "DELETE", "/api/session")).is_success
    await kitchen_moves(world)
    assert await rest_of(messages) == ""
