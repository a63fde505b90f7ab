"""`virage serve` without a supervisor."""

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.app.conftest import Served, World


async def test_workers_end_with_a_killed_server_even_with_open_streams(served: "Served", live_world: "World") -> None:
    address = f"{served.url}/api/stream?topics=live:{live_world.event}"
    async with httpx.AsyncClient(timeout=30) as phone, phone.stream("GET", address) as stream:
        assert stream.status_code == httpx.codes.OK
        await served.crash()
        assert (await phone.get(f"{served.url}/readyz")).status_code == httpx.codes.OK
