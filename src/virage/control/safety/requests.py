"""Requests of fans, stored in batches: a whole block may ask within seconds."""

from collections.abc import Sequence

from virage.control.safety.acts import requests as acts
from virage.control.safety.rules.requests import AskedRequest
from virage.identity.keys.types import KeyVault
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused


class Requests:
    """The requests that this process stores."""

    def __init__(self, db: Database, clock: Clock, vault: KeyVault) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._batcher = Batcher[AskedRequest, Refused | None](self._store, batch_max=500, queue_max=20_000)

    async def ask(self, asked: AskedRequest) -> Refused | None:
        """Store a request; see `acts.requests.ask`. Raises `Overloaded` when too many wait."""
        return await self._batcher.submit(asked)

    async def _store(self, asked: Sequence[AskedRequest]) -> list[Refused | None]:
        """Store requests event by event, in the order of the locks of their logs."""
        outcomes: dict[int, Refused | None] = {}
        async with self._db.transaction() as conn:
            for event_id in sorted({one.event_id for one in asked}):
                places = [place for place, one in enumerate(asked) if one.event_id == event_id]
                stored = await acts.ask(
                    conn, event_id, [asked[place] for place in places], vault=self._vault, now=self._clock.now()
                )
                outcomes |= zip(places, stored, strict=True)
        return [outcomes[place] for place in range(len(asked))]
