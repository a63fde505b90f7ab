"""The tills of the demo: each numbers, chains and signs its records with its own key, as any till does."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from virage.demo.ids import demo_id
from virage.identity.people import api as people
from virage.money.fiscal.types import (
    RECORD_PURPOSE,
    Head,
    Kind,
    Line,
    Record,
    RefundOf,
    Tender,
    TenderKind,
    VerifiedRecord,
    canonical,
    stamp,
    totals_of,
)
from virage.money.wallet.funding.types import DESK_RECORD_PURPOSE, DeskRecord, SignedDeskRecord, desk_record_bytes
from virage.platform.data.database import Connection
from virage.platform.settings.config import Config
from virage.platform.values.derivation import derive
from virage.platform.values.jwk import Jwk, base64url

WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Post(Struct, frozen=True):
    """Outlet and name of a till."""

    name: str
    outlet: str

    @property
    def till_id(self) -> UUID:
        """Id of the till."""
        return demo_id(f"till {self.name}", WRITTEN)


POSTS: Final = (Post("01, comptoir", "01"), Post("19, comptoir", "19"), Post("20, comptoir", "20"))
"""At an outlet of each concessionaire, and at one of the club."""


async def install_tills(conn: Connection, config: Config, now: datetime) -> bool:
    """Create the tills unless they exist, and return whether they were created. They have no device token."""
    if await people.devices(conn, [post.till_id for post in POSTS]):
        return False
    for post in POSTS:
        key = Jwk("OKP", "Ed25519", base64url(_key(config, post).public_key().public_bytes_raw()))
        await people.install_till(conn, post.till_id, post.name, post.outlet, key=key, now=now)
    return True


def _key(config: Config, post: Post) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derive(config.secret, f"virage:demo:till:{post.till_id}"))


def signed_load(config: Config, post: Post, record: DeskRecord) -> SignedDeskRecord:
    """Return a top-up at a till, signed by it."""
    body = desk_record_bytes(record)
    return SignedDeskRecord(record, body, _key(config, post).sign(DESK_RECORD_PURPOSE + body))


class Till:
    """A till: `written` are its records, `cash_cents` is the cash in its drawer."""

    def __init__(self, config: Config, post: Post, cashier: UUID, catalogue: str) -> None:
        self.post = post
        self.at = WRITTEN
        self.cash_cents = 0
        self.written: list[VerifiedRecord] = []
        self._signer = _key(config, post)
        self._cashier = cashier
        self._catalogue = catalogue
        self._head = Head()

    def write(
        self,
        kind: Kind,
        *,
        lines: Sequence[Line] = (),
        by: TenderKind = TenderKind.CASH,
        proof: str | None = None,
        cash_cents: int | None = None,
        refund_of: RefundOf | None = None,
    ) -> Record:
        """Write the next record at `at`, paid by one tender, and update the cash in the drawer."""
        number = self._head.number + 1
        totals = totals_of(lines)
        cents = sum(total.gross_cents for total in totals)
        record = Record(
            id=demo_id(f"{self.post.name} {number}", self.at),
            till=self.post.till_id,
            number=number,
            previous=self._head.hash,
            kind=kind,
            at=stamp(self.at),
            outlet=self.post.outlet,
            event_id=None,
            cashier=self._cashier,
            catalogue=self._catalogue,
            lines=list(lines),
            totals=totals,
            tenders=[Tender(by, cents, proof)] if cents else [],
            tip_cents=0,
            cash_cents=cash_cents,
            refund_of=refund_of,
            reprint_of=None,
        )
        if by is TenderKind.CASH:
            self.cash_cents += cents
        body = canonical(record)
        written = VerifiedRecord(record, body, self._signer.sign(RECORD_PURPOSE + body))
        self._head = Head(number, written.hash)
        self.written.append(written)
        return record
