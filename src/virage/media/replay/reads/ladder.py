"""Metrics of the ladder."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from virage.media.replay.store import ladder as store
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.values.clock import Clock

GAUGE_WINDOW: Final = timedelta(minutes=10)


def gauges(clock: Clock) -> Sequence[Gauge]:
    """Return the delay of the smallest rendition of the programme, and its skipped seconds in ten minutes."""

    async def read(conn: Connection) -> Mapping[str, float]:
        behind, left_out = await store.ladder_state(conn, clock.now() - GAUGE_WINDOW)
        return {"seconds_behind": behind, "seconds_left_out": left_out}

    return [Gauge("virage_replay_ladder", "Delay of the smallest rendition of the programme.", "what", read)]
