import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity.passes.make_vectors import P256, Ed25519Phone
from tests.money.fiscal.till import BEER, SUN, Till, beer, cup, fries, members, signed
from virage.money.fiscal.rules.record import (
    LINES_MAX,
    UNIT_CENTS_MAX,
    FiscalRefusal,
    Kind,
    Line,
    Record,
    RefundOf,
    SignedRecord,
    Tender,
    TenderKind,
    VatTotal,
    VerifiedRecord,
    canonical,
    check,
    hash_of,
    read_record,
    read_signed,
    stamp,
    totals_of,
)
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.values.money import vat_included
from virage.platform.values.refusals import Refused

NAMES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


def text_of(members_: dict[str, Any]) -> bytes:
    """The canonical JSON of RFC 8785 by an independent implementation: Python's own encoder."""
    return json.dumps(members_, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# --- the text -----------------------------------------------------------------------------------------------------


@given(NAMES, st.integers(1, 999), st.integers(0, UNIT_CENTS_MAX), st.integers(0, 1000))
def test_the_text_of_a_record_is_its_canonical_json(name: str, quantity: int, unit: int, rate: int) -> None:
    written = Till().write(lines=[Line(BEER, name, quantity, unit, rate, [name], deposit=False)])
    assert written.body == text_of(members(written))


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_read_back_and_is_consistent(kind: Kind) -> None:
    written = Till().write(kind)
    assert read_record(written.body) == written.record
    assert check(written.record) is None


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "a space": lambda body: body.replace(b":", b": ", 1),
    "a line end": lambda body: body + b"\n",
    "a member twice": lambda body: body.replace(b'{"at"', b'{"at":"2026-05-09T18:00:00.000Z","at"', 1),
    "a member more": lambda body: body.replace(b'"tip_cents":0', b'"tip":1,"tip_cents":0'),
    "a fraction": lambda body: body.replace(b'"tip_cents":0', b'"tip_cents":0.0'),
    "a letter spelled out": lambda body: body.replace(b'"kind"', b'"\\u006bind"'),
    "a moment without milliseconds": lambda body: body.replace(b".000Z", b"Z").replace(b":20.000", b":20"),
    "a month that is none": lambda body: body.replace(b'"at":"2026-05', b'"at":"2026-13'),
    "a year of no till": lambda body: body.replace(b'"at":"2026', b'"at":"1999'),
    "an id in capitals": lambda body: body.replace(b"bee2", b"BEE2"),
    "a sign nobody sees": lambda body: body.replace("Bière".encode(), "Bi\u200bère".encode()),
    "no text at all": lambda _: b"",
    "another language": lambda body: body[:-1] + b"\xff",
    "a number for a text": lambda body: body.replace(b'"catalogue":"7"', b'"catalogue":7'),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_record_has_one_spelling(spelling: str) -> None:
    body = Till().write().body
    other = SPELLINGS[spelling](body)
    assert other != body
    assert read_record(other) is None


@pytest.mark.parametrize("missing", Record.__struct_fields__)
def test_every_member_is_required(missing: str) -> None:
    assert read_record(text_of({k: v for k, v in members(Till().write()).items() if k != missing})) is None


def test_a_record_that_is_too_long_is_invalid() -> None:
    assert read_record(Till().write(lines=[beer()] * LINES_MAX).body) is not None
    assert read_record(Till().write(lines=[beer()] * (LINES_MAX + 1)).body) is None
    assert read_record(Till().write(lines=[beer()], outlet="x" * 41).body) is None
    wide = Line(BEER, "é" * 100, 1, 1, 200, ["é" * 100] * 20, deposit=False)
    assert read_record(Till().write(lines=[wide] * 3).body) is not None
    assert read_record(Till().write(lines=[wide] * 5).body) is None


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    assert stamp(datetime(2026, 5, 9, 18, 0, 20, 123_999, tzinfo=UTC)) == "2026-05-09T18:00:20.123Z"
    assert Till().write().record.moment == datetime(2026, 5, 9, 18, 0, 20, tzinfo=UTC)


# --- the signature ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signer", [Ed25519Phone("a till"), P256], ids=["Ed25519", "P-256"])
def test_only_records_signed_by_the_till_are_read(signer: Any) -> None:
    till = Till(signer=signer)
    written = till.write()
    sent = signed(written)
    assert read_signed(sent, till.id, signer.key) == written
    stranger = Ed25519Phone("a stranger").key
    changed = written.body.replace(b'"quantity":2', b'"quantity":1')
    for other, key in (
        (sent, stranger),
        (sent, None),
        (SignedRecord(base64url(changed), sent.signature), signer.key),
        (SignedRecord(sent.body, base64url(bytes(64))), signer.key),
        (SignedRecord(sent.body, sent.signature[:-2]), signer.key),
        (SignedRecord(sent.body + "=", sent.signature), signer.key),
        (SignedRecord(sent.body, base64url(signer.sign(b"virage:scan:v1\0" + written.body))), signer.key),
    ):
        assert read_signed(other, till.id, key) == Refused(FiscalRefusal.FORGED_RECORD)


def test_a_record_of_another_till_is_refused() -> None:
    till = Till()
    assert read_signed(signed(till.write()), new_id(), till.signer.key) == Refused(FiscalRefusal.NOT_THIS_TILL)


def test_signed_bytes_that_are_no_record_are_refused() -> None:
    till = Till()
    body = b'{"kind":"sale"}'
    sent = signed(VerifiedRecord(till.record(), body, till.signer.sign(b"virage:sale:v1\0" + body)))
    assert read_signed(sent, till.id, till.signer.key) == Refused(FiscalRefusal.INVALID_RECORD)


# --- inconsistent records -----------------------------------------------------------------------------------------

CARD = Tender(TenderKind.CARD, 1500, SUN)
WRONG: dict[str, tuple[Kind, dict[str, Any], FiscalRefusal]] = {
    "a sale of nothing": (Kind.SALE, {"lines": []}, FiscalRefusal.FIELD_MISPLACED),
    "a count of the drawer with goods": (Kind.SHIFT_COUNTED, {"lines": [beer()]}, FiscalRefusal.FIELD_MISPLACED),
    "a count of the drawer without a count": (Kind.SHIFT_COUNTED, {"cash_cents": None}, FiscalRefusal.FIELD_MISPLACED),
    "a sale with a count": (Kind.SALE, {"cash_cents": 1}, FiscalRefusal.FIELD_MISPLACED),
    "a closed day that pays": (Kind.DAY_CLOSED, {"tenders": [CARD]}, FiscalRefusal.FIELD_MISPLACED),
    "a tip with a reprint": (Kind.REPRINT, {"tip_cents": 5, "tenders": []}, FiscalRefusal.FIELD_MISPLACED),
    "a reprint of nothing": (Kind.REPRINT, {"reprint_of": None}, FiscalRefusal.FIELD_MISPLACED),
    "a sale that reprints": (Kind.SALE, {"reprint_of": BEER}, FiscalRefusal.FIELD_MISPLACED),
    "a refund of nothing": (Kind.REFUND, {"refund_of": None}, FiscalRefusal.FIELD_MISPLACED),
    "a sale that refunds": (Kind.SALE, {"refund_of": RefundOf(BEER, BEER, "spilled")}, FiscalRefusal.FIELD_MISPLACED),
    "cash with a proof": (Kind.SALE, {"tenders": [Tender(TenderKind.CASH, 1500, "x")]}, FiscalRefusal.FIELD_MISPLACED),
    "more than a float": (Kind.SHIFT_OPENED, {"cash_cents": 500_001}, FiscalRefusal.CASH_EXCESSIVE),
    "more than anybody counts": (Kind.SHIFT_COUNTED, {"cash_cents": 5_000_001}, FiscalRefusal.CASH_EXCESSIVE),
    "goods that come back in a sale": (Kind.SALE, {"lines": [beer(2), beer(-1)]}, FiscalRefusal.SIGN_WRONG),
    "a sale of no piece": (Kind.SALE, {"lines": [beer(0)]}, FiscalRefusal.SIGN_WRONG),
    "goods that go out in a refund": (Kind.REFUND, {"lines": [beer(1)]}, FiscalRefusal.SIGN_WRONG),
    "more cups back than bought": (Kind.SALE, {"lines": [cup(-2), cup(1)]}, FiscalRefusal.SIGN_WRONG),
    "a tip that takes": (Kind.SALE, {"tip_cents": -100}, FiscalRefusal.SIGN_WRONG),
    "money both ways": (
        Kind.SALE,
        {"tenders": [CARD, Tender(TenderKind.CASH, -100, None), Tender(TenderKind.CASH, 100, None)]},
        FiscalRefusal.SIGN_WRONG,
    ),
    "a total that is none": (
        Kind.SALE,
        {"totals": [VatTotal(0, 100, 0), VatTotal(200, 1300, 217)]},
        FiscalRefusal.TOTALS_WRONG,
    ),
    "a rate that nothing has": (
        Kind.SALE,
        {"totals": [VatTotal(0, 100, 0), VatTotal(55, 0, 0), VatTotal(200, 1400, 233)]},
        FiscalRefusal.TOTALS_WRONG,
    ),
    "rates out of order": (
        Kind.SALE,
        {"totals": [VatTotal(200, 1400, 233), VatTotal(0, 100, 0)]},
        FiscalRefusal.TOTALS_WRONG,
    ),
    "another VAT": (Kind.SALE, {"totals": [VatTotal(0, 100, 0), VatTotal(200, 1400, 234)]}, FiscalRefusal.VAT_WRONG),
    "less paid than due": (Kind.SALE, {"tenders": [Tender(TenderKind.CASH, 1499, None)]}, FiscalRefusal.TENDERS_WRONG),
    "a tip that nobody paid": (
        Kind.SALE,
        {"tip_cents": 100, "tenders": [Tender(TenderKind.CASH, 1500, None)]},
        FiscalRefusal.TENDERS_WRONG,
    ),
    "a card that was not shown": (
        Kind.SALE,
        {"tenders": [Tender(TenderKind.CARD, 1500, None)]},
        FiscalRefusal.PROOF_MISSING,
    ),
    "a phone that signed nothing": (
        Kind.SALE,
        {"tenders": [Tender(TenderKind.VIRTUAL_CARD, 1500, None)]},
        FiscalRefusal.PROOF_MISSING,
    ),
    "a purse without its order": (
        Kind.SALE,
        {"tenders": [Tender(TenderKind.WALLET, 1500, None)]},
        FiscalRefusal.PROOF_MISSING,
    ),
    "a tip beyond all measure": (
        Kind.SALE,
        {"tip_cents": 100_001, "tenders": [Tender(TenderKind.CASH, 101_501, None)]},
        FiscalRefusal.TIP_EXCESSIVE,
    ),
    "a tip beyond all measure that goes back": (Kind.REFUND, {"tip_cents": -100_001}, FiscalRefusal.TIP_EXCESSIVE),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_inconsistency_is_named(wrong: str) -> None:
    kind, changes, reason = WRONG[wrong]
    refusal = check(Till().record(kind, **changes))
    assert refusal is not None
    assert refusal.reason == reason


LARGEST_TIP: dict[str, tuple[Kind, dict[str, Any]]] = {"the largest tip": (Kind.SALE, {"tip_cents": 100_000})}
RIGHT: dict[str, tuple[Kind, dict[str, Any]]] = {
    "a card": (Kind.SALE, {"tenders": [CARD]}),
    "an order by phone": (Kind.SALE, {"tenders": [Tender(TenderKind.WALLET, 1500, str(BEER))]}),
    "a split": (Kind.SALE, {"tenders": [Tender(TenderKind.CARD, 1000, SUN), Tender(TenderKind.CASH, 500, None)]}),
    "a tip": (Kind.SALE, {"tip_cents": 100, "tenders": [Tender(TenderKind.TERMINAL, 1600, "4711")]}),
    "a cup back with a beer": (Kind.SALE, {"lines": [beer(), cup(), cup(-2)]}),
    "as many cups back as bought": (Kind.SALE, {"lines": [cup(1), cup(-1)]}),
    "a cup back alone": (Kind.REFUND, {"lines": [cup(-3)], "refund_of": None}),
    "money back on a card that is not there": (Kind.REFUND, {"tenders": [Tender(TenderKind.CARD, -1500, None)]}),
    "something for nothing": (Kind.SALE, {"lines": [beer(1, 0)]}),
}


@pytest.mark.parametrize("right", [*RIGHT, *LARGEST_TIP])
def test_consistent_records_pass(right: str) -> None:
    kind, changes = (RIGHT | LARGEST_TIP)[right]
    assert check(Till().record(kind, **changes)) is None


@given(st.lists(st.builds(beer, st.integers(1, 9), st.integers(0, 2000)) | st.builds(fries, st.integers(1, 9))))
def test_totals_are_the_lines_by_rate_and_the_vat_in_them(lines: list[Line]) -> None:
    totals = totals_of(lines)
    assert sum(total.gross_cents for total in totals) == sum(line.cents for line in lines)
    assert [total.vat_permille for total in totals] == sorted({line.vat_permille for line in lines})
    assert all(total.vat_cents == vat_included(total.gross_cents, total.vat_permille) for total in totals)


def test_the_hash_of_a_record_is_that_of_its_bytes() -> None:
    written = Till().write()
    assert written.hash == hash_of(canonical(written.record))
