"""The player of match files, and the servers that it may meet."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aiohttp import web

from tests.media.live.test_rules import TEAMS
from tests.ports import free_ports
from virage.media.live.sources.files import MatchFile
from virage.media.live.sources.playback import PlaybackFailed, play

EVENT = UUID(int=7)


@pytest.fixture
async def something_else() -> AsyncIterator[str]:
    """A server that responds, but is not a Virage."""
    answers = [web.Response(status=503), web.Response(text="<html>sign in to the network</html>")]

    async def answer(_: web.Request) -> web.Response:
        return answers.pop(0) if answers else web.json_response({"head": "many"})

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    (port,) = free_ports(1)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_an_unavailable_server_is_retried_and_a_wrong_one_is_reported(something_else: str) -> None:
    with pytest.raises(PlaybackFailed, match=r"an answer of another version: .*head"):
        await play(MatchFile(TEAMS, [], lambda: iter(())), something_else, EVENT, "key", speed=0, report=print)
