"""Till records: sales and other events that the law requires, as immutable bytes.

A record's bytes are its canonical JSON (RFC 8785): members sorted by name, no whitespace, integers only. The text is
unique, so a record's hash is the hash of its bytes. See docs/fiscal.md.
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
"""`previous` of the first record of a chain."""
BODY_BYTES_MAX: Final = 16_384
BODY_CHARS_MAX: Final = (BODY_BYTES_MAX * 4 + 2) // 3
RECORDS_MAX: Final = 200
LINES_MAX: Final = 60
TENDERS_MAX: Final = 10
RATES_MAX: Final = 10
UNIT_CENTS_MAX: Final = 1_000_000
QUANTITY_MAX: Final = 999
FLOAT_CENTS_MAX: Final = 500_000
"""Maximum opening float."""
COUNTED_CENTS_MAX: Final = 5_000_000
"""Maximum cash count of a drawer."""
TIP_CENTS_MAX: Final = 100_000
"""Maximum tip of one sale; a larger one is a typing error."""
CENTS_MAX: Final = LINES_MAX * QUANTITY_MAX * UNIT_CENTS_MAX

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Stamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
"""UTC time with milliseconds, in the format of JavaScript's `toISOString`."""
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Permille = Annotated[int, Meta(ge=0, le=1000)]
Signed = Annotated[int, Meta(ge=-CENTS_MAX, le=CENTS_MAX)]


class Kind(StrEnum):
    """Kind of a record. Training kinds have a chain of their own."""

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
    """Payment method."""

    CARD = "card"
    VIRTUAL_CARD = "virtual_card"
    CASH = "cash"
    TERMINAL = "terminal"
    WALLET = "purse"


PROVEN: Final = frozenset({TenderKind.CARD, TenderKind.VIRTUAL_CARD, TenderKind.WALLET})


class FiscalRefusal(StrEnum):
    """Why a record is refused or inconsistent, or why a period is not closed."""

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
    """Receipt line as printed. `unit_cents` is the unit price with options, VAT included."""

    product: UUID
    name: Name
    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
    unit_cents: Annotated[int, Meta(ge=0, le=UNIT_CENTS_MAX)]
    vat_permille: Permille
    options: Annotated[list[Name], Meta(max_length=20)]
    deposit: bool

    @property
    def cents(self) -> int:
        """Line amount, VAT included."""
        return self.quantity * self.unit_cents


class Tender(Struct, frozen=True, forbid_unknown_fields=True):
    """Payment, less change. `proof` depends on the kind.

    Card: query string of its SUN message. Virtual card: the phone's signature. Wallet: id of the paid order. Terminal:
    slip number if any. Cash: none.
    """

    kind: TenderKind
    cents: Signed
    proof: Annotated[str, Meta(min_length=1, max_length=1000)] | None


class VatTotal(Struct, frozen=True, forbid_unknown_fields=True):
    """Total of one VAT rate: `gross_cents` includes `vat_cents`."""

    vat_permille: Permille
    gross_cents: Signed
    vat_cents: Signed


class RefundOf(Struct, frozen=True, forbid_unknown_fields=True):
    """Refunded sale, by till and id, with the code of the reason."""

    till: UUID
    record: UUID
    reason: Code


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Record of a till. All members are always present; docs/fiscal.md lists which apply to which kind."""

    id: UUID
    till: UUID
    number: Number
    previous: Hash
    kind: Kind
    at: Stamp
    outlet: Annotated[str, Meta(min_length=1, max_length=40)]
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
        """Time of writing, by the till's clock."""
        return datetime.fromisoformat(self.at)

    @property
    def training(self) -> bool:
        """Whether it belongs to the training chain."""
        return self.kind in TRAINING

    @property
    def total_cents(self) -> int:
        """Total of the goods, VAT included, without tip."""
        return sum(total.gross_cents for total in self.totals)


class SignedRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """Record as uploaded: its JSON bytes and the till's signature over them, both base64url."""

    body: Annotated[str, Meta(max_length=BODY_CHARS_MAX)]
    signature: Annotated[str, Meta(max_length=100)]


class VerifiedRecord(Struct, frozen=True):
    """Record with a valid signature, and the signed bytes."""

    record: Record
    body: bytes
    signature: bytes

    @property
    def hash(self) -> str:
        """`previous` of the next record."""
        return hash_of(self.body)


_decoder = msgspec.json.Decoder(Record)


def hash_of(body: bytes) -> str:
    """Return the SHA-256 in hexadecimal digits."""
    return sha256(body).hexdigest()


def stamp(at: datetime) -> str:
    """Return a time in the format of records."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def canonical(value: Any) -> bytes:
    """Return the canonical JSON (RFC 8785) of a Struct with integer numbers and ASCII names."""
    return msgspec.json.encode(value, order="sorted")


def read_record(body: bytes) -> Record | None:
    """Return the record in a body; None if it is invalid, not canonical, or has invisible characters."""
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        record = _decoder.decode(body)
        check_body(body)
        year = record.moment.year
    except (msgspec.DecodeError, ValueError, RecursionError):  # UnicodeDecodeError and Invisible are ValueErrors
        return None
    return record if canonical(record) == body and YEAR_MIN <= year <= YEAR_MAX else None


def read_signed(signed: SignedRecord, till: UUID, key: HolderKey | None) -> VerifiedRecord | Refused:
    """Return the verified record, or the refusal: `forged_record`, `invalid_record`, `not_this_till`."""
    body = signed_body(signed.body, signed.signature, key, RECORD_PURPOSE)
    if body is None:
        return Refused(FiscalRefusal.FORGED_RECORD)
    record = read_record(body)
    if record is None:
        return Refused(FiscalRefusal.INVALID_RECORD)
    if record.till != till:
        return Refused(FiscalRefusal.NOT_THIS_TILL)
    return VerifiedRecord(record, body, bytes_of_base64url(signed.signature) or b"")


def check(record: Record) -> Refused | None:
    """Return the first inconsistency of a record, or None.

    An inconsistent offline record is still appended to the chain, because the till has signed and numbered it.
    """
    return _misplaced(record) or _excessive(record) or _wrong_signs(record) or _wrong_sums(record)


def _misplaced(record: Record) -> Refused | None:
    """Check that members are present exactly in the kinds that use them."""
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
    return None if field is None else Refused(FiscalRefusal.FIELD_MISPLACED, {"field": field})


def _excessive(record: Record) -> Refused | None:
    """Check cash counts and tips against their maximum."""
    if abs(record.tip_cents) > TIP_CENTS_MAX:
        return Refused(FiscalRefusal.TIP_EXCESSIVE, {"most_cents": TIP_CENTS_MAX})
    most = FLOAT_CENTS_MAX if record.kind is Kind.SHIFT_OPENED else COUNTED_CENTS_MAX
    if record.cash_cents is None or record.cash_cents <= most:
        return None
    return Refused(FiscalRefusal.CASH_EXCESSIVE, {"most_cents": most})


def _wrong_signs(record: Record) -> Refused | None:
    """Check signs: positive in a sale, negative in a refund; returned cups are negative in both."""
    sign = -1 if record.kind in REFUNDS else 1
    lines_right = all(
        line.quantity * sign > 0 or (sign > 0 and line.deposit and line.quantity < 0) for line in record.lines
    )
    amounts = [record.tip_cents, record.total_cents]
    if not lines_right or any(amount * sign < 0 for amount in amounts):
        return Refused(FiscalRefusal.SIGN_WRONG)
    return None if all(tender.cents * sign > 0 for tender in record.tenders) else Refused(FiscalRefusal.SIGN_WRONG)


def _wrong_sums(record: Record) -> Refused | None:
    if [(total.vat_permille, total.gross_cents) for total in record.totals] != _gross_by_rate(record.lines):
        return Refused(FiscalRefusal.TOTALS_WRONG)
    for total in record.totals:
        if total.vat_cents != vat_included(total.gross_cents, total.vat_permille):
            return Refused(FiscalRefusal.VAT_WRONG, {"vat_permille": total.vat_permille})
    if sum(tender.cents for tender in record.tenders) != record.total_cents + record.tip_cents:
        return Refused(FiscalRefusal.TENDERS_WRONG)
    for tender in record.tenders:
        if tender.kind is TenderKind.CASH and tender.proof is not None:
            return Refused(FiscalRefusal.FIELD_MISPLACED, {"field": "proof"})
        if tender.kind in PROVEN and tender.proof is None and record.kind in SALES:
            return Refused(FiscalRefusal.PROOF_MISSING, {"kind": tender.kind.value})
    return None


def _gross_by_rate(lines: Sequence[Line]) -> list[tuple[int, int]]:
    gross: dict[int, int] = {}
    for line in lines:
        gross[line.vat_permille] = gross.get(line.vat_permille, 0) + line.cents
    return sorted(gross.items())


def totals_of(lines: Sequence[Line]) -> list[VatTotal]:
    """Return the totals of these lines: one per VAT rate, ascending."""
    return [VatTotal(rate, gross, vat_included(gross, rate)) for rate, gross in _gross_by_rate(lines)]
