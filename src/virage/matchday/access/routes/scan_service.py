"""Scan uploads of a process: signatures are checked on arrival, and concurrent uploads are batched."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.keys.types import HolderKey
from virage.identity.passes.types import verify
from virage.matchday.access.acts.scans import process_scans
from virage.matchday.access.reads.keyring import Keyring
from virage.matchday.access.rules.scans import Scan, ScanAnswer, SignedScan, VerifiedScan, body_of, scan_of
from virage.matchday.access.rules.venue_state import is_at
from virage.platform.data.batching import Batcher, Overloaded
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import number_in
from virage.platform.web.guard import Principal
from virage.site.venue.types import Venue

UPLOADS_PER_BATCH = 128
SMALL_UPLOAD_MAX = 8
"""Larger uploads come from gates that were offline: they queue among themselves, behind live scans."""
BACKLOGS_PER_BATCH = 2
BACKLOGS_AT_ONCE = 2
BACKLOGS_MAX = 16
"""Maximum number of large uploads at once; one more would wait beyond the gate's timeout and be resent."""
WAITING_MAX = 1_000
"""Maximum number of uploads that wait for their check; more would wait beyond the gate's timeout."""
CHECKS_PER_YIELD = 8
"""Scans that are checked before other tasks run."""

VerifiedScans = Sequence[VerifiedScan]


class ScanService:
    """Batchers of scan uploads, and the keys that they check with."""

    def __init__(self, db: Database, clock: Clock, keyring: Keyring) -> None:
        self._db = db
        self._clock = clock
        self._keyring = keyring
        self._turn = asyncio.Lock()
        self._backlog_turns = asyncio.Semaphore(BACKLOGS_AT_ONCE)
        self.waiting = 0
        self.backlogs_here = 0
        self.scans: Batcher[VerifiedScans, list[ScanAnswer]] = Batcher(self._take, batch_max=UPLOADS_PER_BATCH)
        self.backlogs: Batcher[VerifiedScans, list[ScanAnswer]] = Batcher(self._take, batch_max=BACKLOGS_PER_BATCH)

    async def venue(self, event_id: UUID) -> Venue | None:
        """Return the venue of an event; None for an unknown event."""
        return await self._keyring.venue(event_id)

    async def take(self, device: Principal, scans: Sequence[SignedScan]) -> list[ScanAnswer]:
        """Process an upload; one answer per scan, in order. Scans with an invalid signature change nothing.

        Raises `Overloaded` when too many wait: the gate decides offline and uploads later.
        """
        if len(scans) <= SMALL_UPLOAD_MAX:
            return await self._answered(await self._check(device, scans), self.scans)
        if self.backlogs_here >= BACKLOGS_MAX:
            raise Overloaded
        self.backlogs_here += 1
        try:
            async with self._backlog_turns:
                return await self._answered(await self._check(device, scans), self.backlogs)
        finally:
            self.backlogs_here -= 1

    async def _answered(
        self, checked: Sequence[VerifiedScan | ScanAnswer], batcher: Batcher[VerifiedScans, list[ScanAnswer]]
    ) -> list[ScanAnswer]:
        good = [item for item in checked if isinstance(item, VerifiedScan)]
        answers = iter(await batcher.submit(good) if good else [])
        return [item if isinstance(item, ScanAnswer) else next(answers) for item in checked]

    async def _check(self, device: Principal, scans: Sequence[SignedScan]) -> list[VerifiedScan | ScanAnswer]:
        """Check signatures and codes one scan after the other, with uploads taking turns.

        One step of the event loop checks one scan, so that open transactions continue between them.
        """
        if device.id is None:
            return [ScanAnswer(number_in(scan.body), "refused", "forged_scan") for scan in scans]
        if self.waiting >= WAITING_MAX:
            raise Overloaded
        self.waiting += 1
        try:
            key = await self._keyring.device(device.id)
            checked: list[VerifiedScan | ScanAnswer] = []
            for number, signed in enumerate(scans, 1):
                async with self._turn:
                    checked.append(await self._read(device, device.id, key, signed))
                if number % CHECKS_PER_YIELD == 0:
                    await asyncio.sleep(0)
            return checked
        finally:
            self.waiting -= 1

    async def _read(
        self, device: Principal, device_id: UUID, key: HolderKey | None, signed: SignedScan
    ) -> VerifiedScan | ScanAnswer:
        body = body_of(signed, key)
        if body is None:
            return ScanAnswer(number_in(signed.body), "refused", "forged_scan")
        scan = scan_of(body)
        if scan is None:
            return ScanAnswer(number_in(signed.body), "refused", "invalid_scan")
        venue = await self._keyring.venue(scan.event_id)
        at_left_gate = venue is not None and not is_at(device, venue, scan.gate)
        if at_left_gate and scan.kind == "ask":
            return ScanAnswer(scan.number, "refused", "not_your_gate")
        if scan.code is None:
            return VerifiedScan(device_id, scan, None, at_left_gate)
        keys = await self._keyring.issuers(scan.event_id)
        verdict = verify(scan.code, keys, moment(scan, self._clock.now()), scan.event_id)
        return VerifiedScan(device_id, scan, verdict, at_left_gate)

    async def _take(self, uploads: Sequence[VerifiedScans]) -> list[list[ScanAnswer]]:
        reads = [checked for upload in uploads for checked in upload]
        async with self._db.transaction() as conn:
            answers = iter(await process_scans(conn, reads, self._clock.now()))
        return [[next(answers) for _ in upload] for upload in uploads]


def moment(scan: Scan, now: datetime) -> datetime:
    """Return when a code was shown: now for online scans, else the device's time."""
    return now if scan.kind == "ask" else scan.at
