"""What a till writes down: each sale and whatever else the law wants kept, in bytes that nobody ever writes anew.

A record's bytes are its canonical JSON (RFC 8785): members sorted by name, no space, integers alone. Each record has
one such text, so its hash is that of its bytes, and no reader finds anything else in it. See docs/fiscal.md.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from virage.identity.keys.types import HolderKey, signed_body
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.values.money import vat_included
from virage.platform.values.refusals import Refused
from virage.platform.values.texts import check_body
from virage.site.programme.types import YEAR_MAX, YEAR_MIN

RECORD_PURPOSE: Final = b"virage:sale:v1\0"
GENESIS: Final = "0" * 64
"""What the first record of a chain has before it."""
BODY_BYTES_MAX: Final = 16_384
BODY_CHARS_MAX: Final = (BODY_BYTES_MAX * 4 + 2) // 3
RECORDS_MAX: Final = 200
LINES_MAX: Final = 60
TENDERS_MAX: Final = 10
RATES_MAX: Final = 10
UNIT_CENTS_MAX: Final = 1_000_000
QUANTITY_MAX: Final = 999
FLOAT_CENTS_MAX: Final = 500_000
"""The most that is in a drawer when its shift begins."""
COUNTED_CENTS_MAX: Final = 5_000_000
"""The most that anybody counts in a drawer."""
TIP_CENTS_MAX: Final = 100_000
"""The largest tip of one sale: above it stands a slip of the finger."""
CENTS_MAX: Final = LINES_MAX * QUANTITY_MAX * UNIT_CENTS_MAX

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Stamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""A moment in UTC with its milliseconds, as JavaScript's `toISOString` writes it: one text a moment."""
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Permille = Annotated[int, Meta(ge=0, le=1000)]
Signed = Annotated[int, Meta(ge=-CENTS_MAX, le=CENTS_MAX)]


class Kind(StrEnum):
    """What is written down. A rehearsal's kinds have a row of numbers of their own."""

    SALE = "sale"
    REFUND = "refund"
    REPRINT = "reprint"
    SHIFT_OPENED = "shift_opened"
    SHIFT_COUNTED = "shift_counted"
    SHIFT_CLOSED = "shift_closed"
    DAY_CLOSED = "day_closed"
    TRAINING_SALE = "training_sale"
    TRAINING_REFUND = "training_refund"


SALES: Final = frozenset({Kind.SALE, Kind.TRAINING_SALE})
REFUNDS: Final = frozenset({Kind.REFUND, Kind.TRAINING_REFUND})
TRAINING: Final = frozenset({Kind.TRAINING_SALE, Kind.TRAINING_REFUND})
COUNTED: Final = frozenset({Kind.SHIFT_OPENED, Kind.SHIFT_COUNTED})


class TenderKind(StrEnum):
    """What was paid with."""

    CARD = "card"
    VIRTUAL_CARD = "virtual_card"
    CASH = "cash"
    TERMINAL = "terminal"
    PURSE = "purse"


PROVEN: Final = frozenset({TenderKind.CARD, TenderKind.VIRTUAL_CARD, TenderKind.PURSE})


class Reason(StrEnum):
    """Why a record is not taken, what is wrong in one, or why a period is not closed."""

    FORGED_RECORD = "forged_record"
    INVALID_RECORD = "invalid_record"
    NOT_THIS_TILL = "not_this_till"
    CHAIN_FORKED = "chain_forked"
    CHAIN_GAP = "chain_gap"
    CHAIN_BROKEN = "chain_broken"
    ID_TAKEN = "id_taken"
    FIELD_MISPLACED = "field_misplaced"
    SIGN_WRONG = "sign_wrong"
    TOTALS_WRONG = "totals_wrong"
    VAT_WRONG = "vat_wrong"
    TENDERS_WRONG = "tenders_wrong"
    PROOF_MISSING = "proof_missing"
    CASH_EXCESSIVE = "cash_excessive"
    TIP_EXCESSIVE = "tip_excessive"
    PERIOD_CLOSED = "period_closed"


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the receipt, as printed. `unit_cents` is what one piece costs with its options, VAT included."""

    product: UUID
    name: Name
    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
    unit_cents: Annotated[int, Meta(ge=0, le=UNIT_CENTS_MAX)]
    vat_permille: Permille
    options: Annotated[list[Name], Meta(max_length=20)]
    deposit: bool

    @property
    def cents(self) -> int:
        """What the line costs, VAT included."""
        return self.quantity * self.unit_cents


class Tender(Struct, frozen=True, forbid_unknown_fields=True):
    """What was paid, less the change given back. `proof` is what it was proven by.

    A card's proof is the whole query string of its SUN message, a virtual card's what the phone signed, a purse's the
    id of the order that it paid, a terminal's the number of its slip where there is one; cash has none.
    """

    kind: TenderKind
    cents: Signed
    proof: Annotated[str, Meta(min_length=1, max_length=1000)] | None


class VatTotal(Struct, frozen=True, forbid_unknown_fields=True):
    """What one rate comes to: `gross_cents` with the VAT of `vat_cents` in it."""

    vat_permille: Permille
    gross_cents: Signed
    vat_cents: Signed


class RefundOf(Struct, frozen=True, forbid_unknown_fields=True):
    """The sale that is given back, wholly or in part: its till and its id; and why, by a code of the house."""

    till: UUID
    record: UUID
    reason: Code


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a till writes. Every record has all members; docs/fiscal.md tells which say something in which kind."""

    id: UUID
    till: UUID
    number: Number
    previous: Hash
    kind: Kind
    at: Stamp
    outlet: Annotated[str, Meta(min_length=1, max_length=20)]
    event_id: UUID | None
    cashier: UUID
    catalogue: Annotated[str, Meta(min_length=1, max_length=64)]
    lines: Annotated[list[Line], Meta(max_length=LINES_MAX)]
    totals: Annotated[list[VatTotal], Meta(max_length=RATES_MAX)]
    tenders: Annotated[list[Tender], Meta(max_length=TENDERS_MAX)]
    tip_cents: Signed
    cash_cents: Annotated[int, Meta(ge=0, le=CENTS_MAX)] | None
    refund_of: RefundOf | None
    reprint_of: UUID | None

    @property
    def moment(self) -> datetime:
        """When it was written, by the till's clock."""
        return datetime.fromisoformat(self.at)

    @property
    def training(self) -> bool:
        """Whether it belongs to the row of rehearsals."""
        return self.kind in TRAINING

    @property
    def total_cents(self) -> int:
        """What the goods cost, VAT included, tips not."""
        return sum(total.gross_cents for total in self.totals)


class SignedRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A record as its till sends it: the bytes of its JSON and the till's signature over them, both base64url."""

    body: Annotated[str, Meta(max_length=BODY_CHARS_MAX)]
    signature: Annotated[str, Meta(max_length=100)]


class Written(Struct, frozen=True):
    """A record that its till signed, with the bytes that it signed."""

    record: Record
    body: bytes
    signature: bytes

    @property
    def hash(self) -> str:
        """What the next record has as `previous`."""
        return hash_of(self.body)


_decoder = msgspec.json.Decoder(Record)


def hash_of(body: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal digits."""
    return sha256(body).hexdigest()


def stamp(at: datetime) -> str:
    """A moment as records write it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def canonical(value: Any) -> bytes:
    """The canonical JSON (RFC 8785) of a Struct whose numbers are integers and whose names are ASCII."""
    return msgspec.json.encode(value, order="sorted")


def read_record(body: bytes) -> Record | None:
    """Return the record in a body; None where it is none, not in its canonical text, or holds something invisible."""
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        record = _decoder.decode(body)
        check_body(body)
        year = record.moment.year
    except (msgspec.DecodeError, ValueError, RecursionError):  # UnicodeDecodeError and Invisible are ValueErrors
        return None
    return record if canonical(record) == body and YEAR_MIN <= year <= YEAR_MAX else None


def read_signed(signed: SignedRecord, till: UUID, key: HolderKey | None) -> Written | Refused:
    """Return what this till wrote, or why it is not taken: `forged_record`, `invalid_record`, `not_this_till`."""
    body = signed_body(signed.body, signed.signature, key, RECORD_PURPOSE)
    if body is None:
        return Refused(Reason.FORGED_RECORD)
    record = read_record(body)
    if record is None:
        return Refused(Reason.INVALID_RECORD)
    if record.till != till:
        return Refused(Reason.NOT_THIS_TILL)
    return Written(record, body, bytes_of_base64url(signed.signature) or b"")


def check(record: Record) -> Refused | None:
    """Whether what a record says adds up.

    A record that does not is chained all the same, for a till takes back nothing that it signed: whoever books decides.
    """
    return _misplaced(record) or _excessive(record) or _wrong_signs(record) or _wrong_sums(record)


def _misplaced(record: Record) -> Refused | None:
    """A member that says something in a kind to which it does not belong, or nothing where it must."""
    sells = record.kind in SALES | REFUNDS
    returns_cups_alone = all(line.deposit for line in record.lines)
    wrong = {
        "lines": bool(record.lines) != sells,
        "totals": bool(record.totals) != sells,
        "tenders": bool(record.tenders) and not sells,
        "tip_cents": bool(record.tip_cents) and not sells,
        "cash_cents": (record.cash_cents is not None) != (record.kind in COUNTED),
        "refund_of": record.refund_of is None
        if record.kind in REFUNDS and not returns_cups_alone
        else record.refund_of is not None and record.kind not in REFUNDS,
        "reprint_of": (record.reprint_of is not None) != (record.kind is Kind.REPRINT),
    }
    field = next((name for name, is_wrong in wrong.items() if is_wrong), None)
    return None if field is None else Refused(Reason.FIELD_MISPLACED, {"field": field})


def _excessive(record: Record) -> Refused | None:
    """More cash than a drawer holds, which the count at the end would miss, or a tip beyond all measure."""
    if abs(record.tip_cents) > TIP_CENTS_MAX:
        return Refused(Reason.TIP_EXCESSIVE, {"most_cents": TIP_CENTS_MAX})
    most = FLOAT_CENTS_MAX if record.kind is Kind.SHIFT_OPENED else COUNTED_CENTS_MAX
    if record.cash_cents is None or record.cash_cents <= most:
        return None
    return Refused(Reason.CASH_EXCESSIVE, {"most_cents": most})


def _wrong_signs(record: Record) -> Refused | None:
    """A sale takes money for goods, a refund gives it back; a cup comes back in either."""
    sign = -1 if record.kind in REFUNDS else 1
    lines_right = all(
        line.quantity * sign > 0 or (sign > 0 and line.deposit and line.quantity < 0) for line in record.lines
    )
    amounts = [record.tip_cents, record.total_cents]
    if not lines_right or any(amount * sign < 0 for amount in amounts):
        return Refused(Reason.SIGN_WRONG)
    return None if all(tender.cents * sign > 0 for tender in record.tenders) else Refused(Reason.SIGN_WRONG)


def _wrong_sums(record: Record) -> Refused | None:
    if [(total.vat_permille, total.gross_cents) for total in record.totals] != _gross_by_rate(record.lines):
        return Refused(Reason.TOTALS_WRONG)
    for total in record.totals:
        if total.vat_cents != vat_included(total.gross_cents, total.vat_permille):
            return Refused(Reason.VAT_WRONG, {"vat_permille": total.vat_permille})
    if sum(tender.cents for tender in record.tenders) != record.total_cents + record.tip_cents:
        return Refused(Reason.TENDERS_WRONG)
    for tender in record.tenders:
        if tender.kind is TenderKind.CASH and tender.proof is not None:
            return Refused(Reason.FIELD_MISPLACED, {"field": "proof"})
        if tender.kind in PROVEN and tender.proof is None and record.kind in SALES:
            return Refused(Reason.PROOF_MISSING, {"kind": tender.kind.value})
    return None


def _gross_by_rate(lines: Sequence[Line]) -> list[tuple[int, int]]:
    gross: dict[int, int] = {}
    for line in lines:
        gross[line.vat_permille] = gross.get(line.vat_permille, 0) + line.cents
    return sorted(gross.items())


def totals_of(lines: Sequence[Line]) -> list[VatTotal]:
    """The totals that a record with these lines has: one a rate, the rates ascending."""
    return [VatTotal(rate, gross, vat_included(gross, rate)) for rate, gross in _gross_by_rate(lines)]
