"""Test till: numbers, chains and signs records."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import to_builtins

from tests.identity.passes.make_vectors import Ed25519Phone, P256Phone
from virage.money.fiscal.acts import records as fiscal
from virage.money.fiscal.rules.chain import Head, Outcome
from virage.money.fiscal.rules.record import (
    RECORD_PURPOSE,
    Kind,
    Line,
    Record,
    RefundOf,
    SignedRecord,
    Tender,
    TenderKind,
    VerifiedRecord,
    canonical,
    stamp,
    totals_of,
)
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
CASHIER = UUID("01970000-0000-7000-8000-00000000ca51")
BEER = UUID("01970000-0000-7000-8000-00000000bee2")
CUP = UUID("01970000-0000-7000-8000-00000000c0b0")
SUN = "picc_data=EF963FF7828658A599F3041510671E88&cmac=94EED9EE65337086"


def beer(quantity: int = 1, unit_cents: int = 700) -> Line:
    return Line(BEER, "Bière 50 cl", quantity, unit_cents, 200, [], deposit=False)


def fries(quantity: int = 1) -> Line:
    return Line(CUP, "Frites", quantity, 450, 100, ["Sauce maison"], deposit=False)


def cup(quantity: int = 1) -> Line:
    return Line(CUP, "Gobelet consigné", quantity, 100, 0, [], deposit=True)


class Till:
    """One till at an outlet. `signer` holds its key."""

    def __init__(self, till: UUID | None = None, signer: Ed25519Phone | P256Phone | None = None) -> None:
        self.id = till or new_id()
        self.signer = signer or Ed25519Phone(str(self.id))
        self.outlet = "01"
        self.at = NOW
        self.heads = {False: Head(), True: Head()}
        self.written: list[VerifiedRecord] = []

    def record(self, kind: Kind = Kind.SALE, **changes: Any) -> Record:
        """The next record; by default a sale of two beers and a cup in cash."""
        training = kind in (Kind.TRAINING_SALE, Kind.TRAINING_REFUND)
        sign = {Kind.SALE: 1, Kind.TRAINING_SALE: 1, Kind.REFUND: -1, Kind.TRAINING_REFUND: -1}.get(kind, 0)
        lines = changes.pop("lines", [beer(2 * sign), cup(sign)] if sign else [])
        totals = changes.pop("totals", totals_of(lines))
        due = sum(total.gross_cents for total in totals) + changes.get("tip_cents", 0)
        said: dict[str, Any] = {
            "id": new_id(),
            "till": self.id,
            "number": self.heads[training].number + 1,
            "previous": self.heads[training].hash,
            "kind": kind,
            "at": stamp(self.at),
            "outlet": self.outlet,
            "event_id": None,
            "cashier": CASHIER,
            "catalogue": "7",
            "lines": lines,
            "totals": totals,
            "tenders": [Tender(TenderKind.CASH, due, None)] if due else [],
            "tip_cents": 0,
            "cash_cents": 15_000 if kind in (Kind.SHIFT_OPENED, Kind.SHIFT_COUNTED) else None,
            "refund_of": RefundOf(self.id, BEER, "wrong_order") if sign < 0 else None,
            "reprint_of": BEER if kind is Kind.REPRINT else None,
        }
        return Record(**said | changes)

    def sign(self, record: Record) -> VerifiedRecord:
        body = canonical(record)
        return VerifiedRecord(record, body, self.signer.sign(RECORD_PURPOSE + body))

    def write(self, kind: Kind = Kind.SALE, **changes: Any) -> VerifiedRecord:
        """Sign a record and make it the head of its chain."""
        self.at += timedelta(seconds=20)
        return self.keep(self.sign(self.record(kind, **changes)))

    def keep(self, written: VerifiedRecord) -> VerifiedRecord:
        """Continue from a record that was signed."""
        self.heads[written.record.training] = Head(written.record.number, written.hash)
        self.written.append(written)
        return written

    def sells(self, count: int) -> list[VerifiedRecord]:
        return [self.write(lines=[beer(1 + at % 3), fries()]) for at in range(count)]

    def jwk(self) -> dict[str, str]:
        return {name: value for name, value in self.signer.jwk().items() if name != "d"}

    async def pair(self, conn: Connection) -> None:
        """Become a device that finance has paired."""
        await conn.execute(
            """
            insert into people.device
                (id, pairing_id, name, kind, posts, public_key, token_hash, paired_at, last_seen_at, paired_by)
            values ($1, $2, 'Till', 'till', '{01}', $3, $4, $5, $5, $2)
            """,
            self.id,
            new_id(),
            self.jwk(),
            self.id.bytes,
            NOW,
        )


def refund_of(sale: VerifiedRecord, reason: str = "wrong_order") -> RefundOf:
    return RefundOf(sale.record.till, sale.record.id, reason)


def signed(written: VerifiedRecord) -> SignedRecord:
    return SignedRecord(base64url(written.body), base64url(written.signature))


def members(written: VerifiedRecord) -> dict[str, Any]:
    found: dict[str, Any] = to_builtins(written.record)
    return found


async def append(conn: Connection, written: Sequence[VerifiedRecord], now: datetime) -> list[Outcome]:
    """Append records without moving money."""
    planned = await fiscal.plan(conn, written)
    await fiscal.write(conn, planned, now)
    return planned.outcomes
