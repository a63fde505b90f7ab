"""One process's gate desk: signatures are checked as scans arrive, and what arrives together is taken together."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.keys.types import HolderKey
from virage.identity.passes.types import verify
from virage.matchday.access.acts.crossing import take_scans
from virage.matchday.access.reads.keyring import Keyring
from virage.matchday.access.rules.ground import gates
from virage.matchday.access.rules.scans import Answer, Read, Scan, SignedScan, body_of, scan_of
from virage.platform.data.batching import Batcher, Overloaded
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import number_in
from virage.platform.web.guard import Principal, holds

UPLOADS_A_BATCH = 128
FEW = 8
"""An upload of more scans is of a gate that was offline: it waits behind its like, not before those who ask now."""
BACKLOGS_A_BATCH = 2
BACKLOGS_AT_ONCE = 2
BACKLOGS_MAX = 16
"""How many of them are here at most: one more would wait longer than its gate does, and be sent again meanwhile."""
WAITING_MAX = 1_000
"""How many uploads wait for their check at most: whoever comes then would wait longer than a gate does."""
BREATH = 8
"""How many scans are checked before others get their turn."""

Reads = Sequence[Read]


class GateDesk:
    """The batchers of the gates, and the keys that they check with."""

    def __init__(self, db: Database, clock: Clock, keyring: Keyring) -> None:
        self._db = db
        self._clock = clock
        self._keyring = keyring
        self._turn = asyncio.Lock()
        self._backlog_turns = asyncio.Semaphore(BACKLOGS_AT_ONCE)
        self.waiting = 0
        self.backlogs_here = 0
        self.scans: Batcher[Reads, list[Answer]] = Batcher(self._take, batch_max=UPLOADS_A_BATCH)
        self.backlogs: Batcher[Reads, list[Answer]] = Batcher(self._take, batch_max=BACKLOGS_A_BATCH)

    async def take(self, device: Principal, scans: Sequence[SignedScan]) -> list[Answer]:
        """Take what a device sent; one answer a scan, in order. What is not the device's own changes nothing.

        Raises `Overloaded` when too many wait: the gate decides alone meanwhile, and sends its backlog later.
        """
        if len(scans) <= FEW:
            return await self._answered(await self._check(device, scans), self.scans)
        if self.backlogs_here >= BACKLOGS_MAX:
            raise Overloaded
        self.backlogs_here += 1
        try:
            async with self._backlog_turns:
                return await self._answered(await self._check(device, scans), self.backlogs)
        finally:
            self.backlogs_here -= 1

    async def _answered(self, read: Sequence[Read | Answer], batcher: Batcher[Reads, list[Answer]]) -> list[Answer]:
        good = [one for one in read if isinstance(one, Read)]
        answers = iter(await batcher.submit(good) if good else [])
        return [one if isinstance(one, Answer) else next(answers) for one in read]

    async def _check(self, device: Principal, scans: Sequence[SignedScan]) -> list[Read | Answer]:
        """Check signatures and codes, one scan after the other and upload by upload in turn.

        A turn of the event loop checks one scan, however many wait: a transaction that is open goes on between them.
        """
        if device.id is None:
            return [Answer(number_in(scan.body), "refused", "forged_scan") for scan in scans]
        if self.waiting >= WAITING_MAX:
            raise Overloaded
        self.waiting += 1
        try:
            key = await self._keyring.device(device.id)
            read: list[Read | Answer] = []
            for number, signed in enumerate(scans, 1):
                async with self._turn:
                    read.append(await self._read(device, device.id, key, signed))
                if number % BREATH == 0:
                    await asyncio.sleep(0)
            return read
        finally:
            self.waiting -= 1

    async def _read(
        self, device: Principal, device_id: UUID, key: HolderKey | None, signed: SignedScan
    ) -> Read | Answer:
        body = body_of(signed, key)
        if body is None:
            return Answer(number_in(signed.body), "refused", "forged_scan")
        scan = scan_of(body)
        if scan is None:
            return Answer(number_in(signed.body), "refused", "invalid_scan")
        if not is_at(device, scan.gate):
            return Answer(scan.number, "refused", "not_your_gate")
        if scan.code is None:
            return Read(device_id, scan, None)
        keys = await self._keyring.issuers(scan.event_id)
        return Read(device_id, scan, verify(scan.code, keys, moment(scan, self._clock.now()), scan.event_id))

    async def _take(self, uploads: Sequence[Reads]) -> list[list[Answer]]:
        reads = [read for upload in uploads for read in upload]
        async with self._db.transaction() as conn:
            answers = iter(await take_scans(conn, reads, self._clock.now()))
        return [[next(answers) for _ in upload] for upload in uploads]


def is_at(device: Principal, gate: str) -> bool:
    """Whether a device belongs to a gate: by its code, by its group's letter, or because it goes everywhere."""
    found = gates().get(gate)
    if found is None:
        return False
    return holds(device, "gate", scope="gate", scope_id=gate, within=[("gate", found.group)])


def moment(scan: Scan, now: datetime) -> datetime:
    """When a code was shown: now to who asks, else by the clock of the device, which decided by it."""
    return now if scan.kind == "ask" else scan.at
