"""One process's counter: what tills send is checked as it arrives, and what arrives together is booked together."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.identity.keys.api import DeviceKeyring
from virage.matchday.food.till.acts.selling import Answer, PhoneOrders, asks_alone, take
from virage.matchday.food.till.reads.judging import Judge
from virage.matchday.food.till.rules.booking import Reason, tap_id
from virage.matchday.food.till.rules.limits import TillLimits
from virage.matchday.food.till.rules.tendering import Sent
from virage.money.fiscal.types import (
    BODY_CHARS_MAX,
    RECORDS_MAX,
    SALES,
    TENDERS_MAX,
    SignedRecord,
    TenderKind,
    Written,
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
BREATH: Final = 8
"""How many records are checked before others get their turn: a till that was offline brings many."""


Place = Annotated[str, Meta(pattern="^[0-9]$")]
"""Which tender of a record, from 0."""


class SentRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A record from its till. `told`: it is sold, and the server books it whatever it thinks; else the till asks.

    `pins` has what fans typed for cards that pay above the cap, by the place of the tender; only of what is asked.
    """

    body: Annotated[str, Meta(max_length=BODY_CHARS_MAX)]
    signature: Annotated[str, Meta(max_length=100)]
    told: bool = False
    pins: Annotated[dict[Place, Annotated[str, Meta(max_length=12)]], Meta(max_length=TENDERS_MAX)] = {}


class TillUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """What a till sends: one record that it asks about, or up to 200 that it tells."""

    records: Annotated[list[SentRecord], Meta(min_length=1, max_length=RECORDS_MAX)]


class Counter:
    """The batcher of the tills, and what they are checked with."""

    def __init__(
        self, db: Database, clock: Clock, desk: CardDesk, judge: Judge, *, limits: TillLimits, phone_orders: PhoneOrders
    ) -> None:
        self._db = db
        self._clock = clock
        self._desk = desk
        self._judge = judge
        self._limits = limits
        self._phone_orders = phone_orders
        self._keyring = DeviceKeyring(db)
        self.uploads: Batcher[Sequence[Sent], list[Answer]] = Batcher(self._take, batch_max=UPLOADS_A_BATCH)

    async def sell(self, till: Principal, records: Sequence[SentRecord]) -> list[Answer]:
        """Book what a till sent; one answer a record, in order."""
        read = await self._read(till, records)
        good = [one for one in read if isinstance(one, Sent)]
        if not asks_alone(good):
            return [Answer(number_in(one.body), "refused", reason=Reason.ASKED_BEHIND_OTHERS) for one in records]
        answers = iter(await self.uploads.submit(good) if good else [])
        return [one if isinstance(one, Answer) else next(answers) for one in read]

    async def _read(self, till: Principal, records: Sequence[SentRecord]) -> list[Sent | Answer]:
        key = None if till.id is None else await self._keyring.key(till.id)
        read: list[Sent | Answer] = []
        for number, one in enumerate(records, 1):
            written = read_signed(SignedRecord(one.body, one.signature), till.id or UUID(int=0), key)
            if isinstance(written, Written) and not one.told and not _is_at(till, written.record.outlet):
                written = Refused(Reason.NOT_YOUR_OUTLET)
            if isinstance(written, Refused):
                read.append(Answer(number_in(one.body), "refused", reason=str(written.reason), data=written.data))
            else:
                seen = self._seen(written)
                deviations = await self._judge.deviations(written.record, told=one.told)
                confirmed = {} if one.told or not one.pins else await self._confirmed(written, seen, one.pins)
                read.append(Sent(written, one.told, seen, confirmed, deviations))
            if number % BREATH == 0:
                await asyncio.sleep(0)
        return read

    def _seen(self, written: Written) -> dict[int, Seen | None]:
        """What each card of a sale proved, outside of any transaction."""
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
        self, written: Written, seen: Mapping[int, Seen | None], pins: Mapping[str, str]
    ) -> dict[int, Refused | None]:
        """What comes of the PINs of cards that pay above the cap. A copy of a tap costs its card no try."""
        found: dict[int, Refused | None] = {}
        for at, one in seen.items():
            pin, tender = pins.get(str(at)), written.record.tenders[at]
            if pin is None or one is None or tender.cents <= self._limits.tap_cap_cents:
                continue
            async with self._db.connection() as conn:
                card_id = await card_that_taps(conn, tap_id(written.hash, written.record.till, at), one)
            if card_id is not None:
                found[at] = await self._desk.confirm(card_id, pin)
        return found

    async def _take(self, uploads: Sequence[Sequence[Sent]]) -> list[list[Answer]]:
        """Of one till one upload a transaction, one after the other; of all tills the first ones together."""
        answers: dict[int, list[Answer]] = {}
        while len(answers) < len(uploads):
            first: dict[UUID, int] = {}
            for at, upload in enumerate(uploads):
                if at not in answers:
                    first.setdefault(upload[0].written.record.till, at)
            together = [uploads[at] for at in first.values()]
            async with self._db.transaction() as conn:
                found = await take(conn, together, self._limits, self._phone_orders, self._clock.now())
            answers |= dict(zip(first.values(), found, strict=True))
        return [answers[at] for at in range(len(uploads))]


def _is_at(till: Principal, outlet: str) -> bool:
    """Whether a till stands at an outlet now. What it sold where it stood before it was moved is told all the same."""
    return holds(till, "till", scope="outlet", scope_id=outlet)
