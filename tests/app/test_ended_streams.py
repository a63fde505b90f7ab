"""A revoked device or API client receives nothing more from a running server, on streams that are
open already.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from virage.identity.people import acts as people
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal

if TYPE_CHECKING:
    from tests.app.conftest import Served, World


@asynccontextmanager
async def following(
    served: "Served", world: "World", who: dict[str, str]
) -> AsyncIterator[tuple[AsyncIterator[str], httpx.AsyncClient]]:
    """An open stream that has begun, and its browser."""
    address = f"{served.url}/api/stream?topics=live:{world.event}"
    async with httpx.AsyncClient(timeout=30) as phone, phone.stream("GET", address, headers=who) as stream:
        assert stream.status_code == httpx.codes.OK
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith("retry:")
        yield lines, phone


@pytest.mark.parametrize("what", ["device", "API client"])
async def test_streams_of_a_revoked_device_or_api_client_end_at_once_and_others_continue(
    served: "Served", live_world: "World", what: str
) -> None:
    admin_id = await live_world.person("admin@example.org", Grant("admin"))
    admin = Principal("staff", admin_id, new_id(), (Grant("admin"),), live_world.clock.now())
    other = await live_world.device("B1")
    who = await (live_world.device("A1") if what == "device" else live_world.api_client("steward"))
    me = UUID(live_world.ids["device_id" if what == "device" else "token_id"])
    async with following(served, live_world, other) as (others, _), following(served, live_world, who) as (mine, phone):
        async with live_world.db.transaction() as conn:
            revoke = people.revoke_device if what == "device" else people.revoke_token
            assert await revoke(conn, admin, me, live_world.clock.now()) is None
        async with asyncio.timeout(10):
            async for _ in mine:
                pass
        again = await phone.get(f"{served.url}/api/me", headers=who)
        assert again.json()["kind"] == "anonymous" if again.is_success else again.status_code == 401
        async with asyncio.timeout(10):
            await anext(others)


async def test_streams_of_sessions_that_are_ended_from_another_one_end_at_once(
    served: "Served", live_world: "World"
) -> None:
    mine, elsewhere = [await live_world.signed_in("fan@example.org") for _ in range(2)]
    other = await live_world.signed_in("friend@example.org")
    async with (
        following(served, live_world, other) as (others, _),
        following(served, live_world, elsewhere) as (ended, phone),
    ):
        answer = await phone.delete(f"{served.url}/api/me/sessions", headers=mine, params={"keep_current": True})
        assert answer.status_code == httpx.codes.NO_CONTENT
        async with asyncio.timeout(10):
            async for _ in ended:
                pass
        again = await phone.get(f"{served.url}/api/me", headers=elsewhere)
        assert again.json()["kind"] == "anonymous"
        assert (await phone.get(f"{served.url}/api/me", headers=mine)).json()["kind"] == "fan"
        async with asyncio.timeout(10):
            await anext(others)
