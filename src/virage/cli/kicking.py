"""`virage ball`: receive a connected ball and goal-line technology until SIGTERM."""

import asyncio
import re
import signal
from contextlib import suppress
from uuid import UUID

from virage.app.domains import ENTRIES_PUBLISHED
from virage.app.opening import clock_of, opened
from virage.cli.deployment import configuration_of_running, database, fail
from virage.media.tracking.api import BallListener, Broker, broker_of
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs
from virage.platform.settings.config import Config
from virage.site.programme import api as programme

BALL_PATTERN = r"[A-Za-z0-9_-]{1,32}"


def listen(broker: str, event_id: UUID, ball: str) -> None:
    """Listen until Ctrl-C. Exits for an invalid broker or ball."""
    die_with_parent()
    if not re.fullmatch(BALL_PATTERN, ball):
        raise fail(f"{ball!r} is not a ball name: use letters, digits, - and _, at most 32.")
    try:
        place = broker_of(broker)
    except ValueError as error:
        raise fail(str(error)) from None
    config = configuration_of_running()
    logs.configure(config.log_level, "ball")
    with database(config) as ready:
        asyncio.run(_listen(ready, place, event_id, ball))


async def _listen(config: Config, broker: Broker, event_id: UUID, ball: str) -> None:
    clock = clock_of(config)
    async with opened(config) as db:
        async with db.connection() as conn:
            if event_id not in await programme.public_events_of(conn, [event_id]):
                raise fail(f"{event_id} is not a public event.")
        listening = asyncio.create_task(
            BallListener(event_id, ball, broker, db=db, clock=clock, handlers=ENTRIES_PUBLISHED).run()
        )
        for wish in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(wish, listening.cancel)
        with suppress(asyncio.CancelledError):
            await listening
