"""Batching of transfers within a process: concurrent offers and acceptances are written together."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data.batching import Batcher
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import transfers as acts
from virage.sale.ticketing.acts.transfers import Acceptance, Offer, TransferService
from virage.sale.ticketing.reads import transfers as reads
from virage.sale.ticketing.reads.transfers import TransferView
from virage.sale.ticketing.rules.transfers import Transfer

BATCH_MAX = 128


class TransferBatches:
    """Batchers for offers and acceptances, each answered with the transfer as its sender sees it."""

    def __init__(self, db: Database, clock: Clock, service: TransferService) -> None:
        self._db = db
        self._clock = clock
        self._service = service
        self.offers: Batcher[Offer, TransferView | Refused] = Batcher(self._offer_many, batch_max=BATCH_MAX)
        self.acceptances: Batcher[Acceptance, TransferView | Refused] = Batcher(self._accept_many, batch_max=BATCH_MAX)

    async def _offer_many(self, offers: Sequence[Offer]) -> list[TransferView | Refused]:
        now = self._clock.now()
        async with self._db.transaction() as conn:
            made = await acts.offer(conn, self._service, offers, now)
            return await self._seen(conn, made, [offer.giver_id for offer in offers], now)

    async def _accept_many(self, acceptances: Sequence[Acceptance]) -> list[TransferView | Refused]:
        now, receivers = self._clock.now(), [one.receiver_id for one in acceptances]

        async def accept_one(conn: Connection) -> list[TransferView | Refused] | Refused:
            (done,) = await acts.accept(conn, self._service, acceptances, now)
            return done if isinstance(done, Refused) else await self._seen(conn, [done], receivers, now)

        if len(acceptances) == 1:  # a refused pass rolls back what was written before it
            answer = await self._db.transact(accept_one)
            return [answer] if isinstance(answer, Refused) else answer
        async with self._db.transaction() as conn:
            done = await acts.accept(conn, self._service, acceptances, now)
            return await self._seen(conn, done, receivers, now)

    async def _seen(
        self, conn: Connection, done: Sequence[Transfer | Refused], person_ids: Sequence[UUID], now: datetime
    ) -> list[TransferView | Refused]:
        """Return each transfer as its sender sees it, and refusals as they are."""
        granted = [(one, id_) for one, id_ in zip(done, person_ids, strict=True) if isinstance(one, Transfer)]
        views = iter(await reads.views(conn, self._service.secret, granted, now))
        return [one if isinstance(one, Refused) else next(views) for one in done]
