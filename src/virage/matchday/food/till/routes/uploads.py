"""Uploads of the tills: records are checked as they arrive and booked in batches."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from virage.identity.keys.api import DeviceKeyring
from virage.matchday.food.till.acts.selling import PhoneOrders, RecordAnswer, book_uploads, is_valid_upload
from virage.matchday.food.till.reads.checking import DeviationChecker
from virage.matchday.food.till.rules.booking import BookingRefusal, tap_id_of
from virage.matchday.food.till.rules.limits import TillLimits
from virage.matchday.food.till.rules.tendering import UploadedRecord
from virage.money.fiscal.types import (
    BODY_CHARS_MAX,
    RECORDS_MAX,
    SALES,
    TENDERS_MAX,
    SignedRecord,
    TenderKind,
    VerifiedRecord,
    read_signed,
)
from virage.money.wallet.cards.api import CardDesk, card_that_taps
from virage.money.wallet.cards.types import Seen, message_of, verify
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import number_in
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, holds

UPLOADS_A_BATCH: Final = 128
YIELD_EVERY: Final = 8
"""Number of records checked before the event loop runs other tasks: an offline till uploads many."""


TenderIndex = Annotated[str, Meta(pattern="^[0-9]$")]
"""Index of a tender in its record, from 0."""


class RecordUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """Record uploaded by a till. `offline`: an offline sale, always booked; otherwise an online sale.

    `pins` are the PINs typed for cards above the cap, by the index of the tender; only for online sales.
    """

    body: Annotated[str, Meta(max_length=BODY_CHARS_MAX)]
    signature: Annotated[str, Meta(max_length=100)]
    offline: bool = field(default=False, name="told")
    pins: Annotated[dict[TenderIndex, Annotated[str, Meta(max_length=12)]], Meta(max_length=TENDERS_MAX)] = {}


class TillUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """Upload of a till: one online record, or up to 200 offline ones."""

    records: Annotated[list[RecordUpload], Meta(min_length=1, max_length=RECORDS_MAX)]


class UploadService:
    """Checks and books the uploads of all tills in one process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        desk: CardDesk,
        checker: DeviationChecker,
        *,
        limits: TillLimits,
        phone_orders: PhoneOrders,
        zone: ZoneInfo,
    ) -> None:
        self._db = db
        self._clock = clock
        self._desk = desk
        self._checker = checker
        self._limits = limits
        self._phone_orders = phone_orders
        self._zone = zone
        self._keyring = DeviceKeyring(db)
        self.uploads: Batcher[Sequence[UploadedRecord], list[RecordAnswer]] = Batcher(
            self._book, batch_max=UPLOADS_A_BATCH
        )

    async def sell(self, till: Principal, records: Sequence[RecordUpload]) -> list[RecordAnswer]:
        """Book an upload; one answer per record, in order."""
        read = await self._read(till, records)
        good = [item for item in read if isinstance(item, UploadedRecord)]
        if not is_valid_upload(good):
            return [
                RecordAnswer(number_in(record.body), "refused", reason=BookingRefusal.ASKED_BEHIND_OTHERS)
                for record in records
            ]
        answers = iter(await self.uploads.submit(good) if good else [])
        return [item if isinstance(item, RecordAnswer) else next(answers) for item in read]

    async def _read(self, till: Principal, records: Sequence[RecordUpload]) -> list[UploadedRecord | RecordAnswer]:
        key = None if till.id is None else await self._keyring.key(till.id)
        read: list[UploadedRecord | RecordAnswer] = []
        for number, record in enumerate(records, 1):
            written = read_signed(SignedRecord(record.body, record.signature), till.id or UUID(int=0), key)
            if isinstance(written, VerifiedRecord) and not record.offline and not _is_at(till, written.record.outlet):
                written = Refused(BookingRefusal.NOT_YOUR_OUTLET)
            if isinstance(written, Refused):
                read.append(
                    RecordAnswer(number_in(record.body), "refused", reason=str(written.reason), data=written.data)
                )
            else:
                seen = self._seen(written)
                deviations = await self._checker.deviations(written.record, offline=record.offline)
                confirmed = (
                    {} if record.offline or not record.pins else await self._confirmed(written, seen, record.pins)
                )
                read.append(UploadedRecord(written, record.offline, seen, confirmed, deviations))
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        return read

    def _seen(self, written: VerifiedRecord) -> dict[int, Seen | None]:
        """Verify the card messages of a sale, outside of any transaction."""
        secrets = self._desk.secrets
        if written.record.kind not in SALES or secrets is None:
            return {}
        found: dict[int, Seen | None] = {}
        for at, tender in enumerate(written.record.tenders):
            if tender.kind is TenderKind.CARD:
                message = message_of(f"?{tender.proof}")
                found[at] = None if message is None else verify(message, secrets.keys)
        return found

    async def _confirmed(
        self, written: VerifiedRecord, seen: Mapping[int, Seen | None], pins: Mapping[str, str]
    ) -> dict[int, Refused | None]:
        """Check the PINs of cards above the cap. A replayed tap uses up no attempt."""
        found: dict[int, Refused | None] = {}
        for at, card in seen.items():
            pin, tender = pins.get(str(at)), written.record.tenders[at]
            if pin is None or card is None or tender.cents <= self._limits.tap_cap_cents:
                continue
            async with self._db.connection() as conn:
                card_id = await card_that_taps(conn, tap_id_of(written.hash, written.record.till, at), card)
            if card_id is not None:
                found[at] = await self._desk.confirm(card_id, pin)
        return found

    async def _book(self, uploads: Sequence[Sequence[UploadedRecord]]) -> list[list[RecordAnswer]]:
        """Book uploads: those of one till one after the other, those of different tills in one transaction."""
        answers: dict[int, list[RecordAnswer]] = {}
        while len(answers) < len(uploads):
            first: dict[UUID, int] = {}
            for at, upload in enumerate(uploads):
                if at not in answers:
                    first.setdefault(upload[0].written.record.till, at)
            together = [uploads[at] for at in first.values()]
            async with self._db.transaction() as conn:
                found = await book_uploads(
                    conn, together, self._limits, self._phone_orders, zone=self._zone, now=self._clock.now()
                )
            answers |= dict(zip(first.values(), found, strict=True))
        return [answers[at] for at in range(len(uploads))]


def _is_at(till: Principal, outlet: str) -> bool:
    """Return whether a till is assigned to an outlet now. Offline sales of an earlier outlet are still booked."""
    return holds(till, "till", scope="outlet", scope_id=outlet)
