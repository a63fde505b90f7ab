"""Bank statements: formats, defects by line, hostile files, and lines that are recognised again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.money.settlement.statements import VERSIONS, camt053
from virage.money.settlement.rules.camt053 import read_camt053
from virage.money.settlement.rules.csv_statement import (
    CsvColumns,
    DateOrder,
    amount_of,
    day_of,
    decoded,
    preview,
    read_csv,
)
from virage.money.settlement.rules.statements import (
    DEFECTS_MAX,
    FILE_BYTES_MAX,
    Defect,
    StatementLine,
    cents_of,
    keys_of,
)
from virage.platform.values.money import EURO, Currency

DAY = date(2026, 5, 11)
LINES = [(DAY, 504_500, "STRIPE PAYOUT ABCDEF123456"), (DAY, -1_200, "Rent")]


@pytest.mark.parametrize("version", VERSIONS)
def test_booked_entries_of_each_version_are_lines(version: str) -> None:
    parsed = read_camt053(camt053(LINES, version=version), EURO)
    assert parsed.defects == []
    (statement,) = parsed.statements
    assert statement.account == "FR7630006000011234567890189"
    assert (statement.opening_cents, statement.closing_cents) == (100_000, 603_300)
    assert statement.lines == [
        StatementLine(DAY, 504_500, "STRIPE PAYOUT ABCDEF123456", "BANK05111"),
        StatementLine(DAY, -1_200, "Rent", "BANK05112"),
    ]


def test_a_pending_entry_is_no_line() -> None:
    raw = camt053(LINES, closing=604_500).replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>", 2)
    raw = raw.replace(b"<Cd>PDNG</Cd>", b"<Cd>BOOK</Cd>", 1)
    (statement,) = read_camt053(raw, EURO).statements
    assert [line.amount_cents for line in statement.lines] == [504_500]


def test_balances_that_do_not_fit_the_lines_are_a_defect() -> None:
    parsed = read_camt053(camt053(LINES, closing=603_301), EURO)
    assert parsed.statements == []
    assert parsed.defects == [Defect(5, "balance_differs", "0.01")]


def test_each_defect_has_its_line_and_nothing_is_read() -> None:
    raw = camt053([*LINES, *LINES])
    raw = raw.replace(b"5045.00<", b"50,45<", 1)
    raw = raw.replace(b"<Dt>2026-05-11</Dt></BookgDt>", b"<Dt>11/05</Dt></BookgDt>", 2)
    raw = raw.replace(b'"EUR">12.00', b'"CHF">12.00')
    booked = b"</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026"
    raw = raw.replace(b"CRDT" + booked, b"UP" + booked)
    parsed = read_camt053(raw, EURO)
    assert parsed.statements == []
    assert parsed.defects == [
        Defect(10, "amount_invalid", "50,45"),
        Defect(10, "date_invalid", "11/05"),
        Defect(11, "currency_differs", "CHF"),
        Defect(11, "date_invalid", "11/05"),
        Defect(12, "direction_invalid", "UP"),
        Defect(13, "currency_differs", "CHF"),
    ]


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "xml_invalid"),
        (b"<Document", "xml_invalid"),
        (b"not XML", "xml_invalid"),
        (b"\xff\xfe\x00", "xml_invalid"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding_unknown"),
        (b"<Document/>", "not_camt053"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"/>', "not_camt053"),
        (camt053([]).replace(b"<Stmt>", b"<Rpt>").replace(b"</Stmt>", b"</Rpt>"), "statement_missing"),
        (camt053([]).replace(b"OPBD", b"ITBD"), "balance_missing"),
        (camt053([]).replace(b"<IBAN>", b"<X>").replace(b"</IBAN>", b"</X>"), "account_missing"),
        (b"<a>" * 100, "xml_forbidden"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "xml_forbidden"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>', "xml_forbidden"),
        (f"<!DOCTYPE a [{BOMB}]><a>&e9;</a>".encode(), "xml_forbidden"),
        (b" " * (FILE_BYTES_MAX + 1), "file_too_large"),
    ],
)
def test_a_malformed_huge_or_hostile_file_is_one_defect(raw: bytes, code: str) -> None:
    parsed = read_camt053(raw, EURO)
    assert parsed.statements == []
    assert [defect.code for defect in parsed.defects] == [code]


def test_many_defects_are_cut() -> None:
    raw = camt053([(DAY, 100, "x")] * (DEFECTS_MAX + 5)).replace(b'Ccy="EUR">1.00', b'Ccy="EUR">x')
    assert len(read_camt053(raw, EURO).defects) == DEFECTS_MAX


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for parsed in (read_camt053(raw, EURO), read_csv(raw, "FR76", CsvColumns(0, amount=1), EURO)):
        assert bool(parsed.statements) != bool(parsed.defects)


CSV = "Date;Libellé;Débit;Crédit\n11/05/2026;STRIPE PAYOUT;;5 045,00\n12/05/2026;Loyer;12,00;\n"
COLUMNS = CsvColumns(0, credit=3, debit=2, text=[1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_csv_file_is_read_by_its_columns_in_each_encoding(encoding: str) -> None:
    parsed = read_csv(CSV.encode(encoding), "fr76 1", COLUMNS, EURO)
    assert parsed.defects == []
    (statement,) = parsed.statements
    assert statement.account == "FR761"
    assert statement.lines == [
        StatementLine(date(2026, 5, 11), 504_500, "STRIPE PAYOUT"),
        StatementLine(date(2026, 5, 12), -1_200, "Loyer"),
    ]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_preview_finds_the_delimiter(delimiter: str) -> None:
    text = "\n".join(delimiter.join(["2026-05-11", "STRIPE", "a b", "1"]) for _ in range(20))
    found = preview(text.encode())
    assert found is not None
    assert (found.delimiter, len(found.rows), found.rows[0]) == (delimiter, 12, ["2026-05-11", "STRIPE", "a b", "1"])


def test_defects_of_a_csv_file_name_their_lines() -> None:
    raw = b"Date;Amount\n31/02/2026;1,00\n\n11/05/2026;one\n11/05/2026;1,00\n"
    assert read_csv(raw, "1", CsvColumns(0, amount=1), EURO).defects == [
        Defect(2, "date_invalid", "31/02/2026"),
        Defect(4, "amount_invalid", "one"),
    ]


@pytest.mark.parametrize(
    ("raw", "account", "mapping", "code"),
    [
        (b"a\0b", "1", COLUMNS, "encoding_unknown"),
        (b"Date\n", "1", COLUMNS, "lines_missing"),
        (b"Date\n", " ", COLUMNS, "account_missing"),
        (b"Date\n", "1", CsvColumns(0), "columns_missing"),
        (b"Date\n", "1", replace(COLUMNS, delimiter="x"), "columns_missing"),
        (b"Date\n" + b"x" * 200_000, "1", COLUMNS, "csv_invalid"),
        (b" " * (FILE_BYTES_MAX + 1), "1", COLUMNS, "file_too_large"),
    ],
)
def test_a_csv_file_that_cannot_be_read_is_one_defect(raw: bytes, account: str, mapping: CsvColumns, code: str) -> None:
    assert [defect.code for defect in read_csv(raw, account, mapping, EURO).defects] == [code]


@pytest.mark.parametrize(
    ("text", "comma", "cents"),
    [
        ("1.234,50", True, 123_450),
        ("1,234.50", False, 123_450),
        ("1 234,50", True, 123_450),
        ("1\u202f234,50-", True, -123_450),
        ("1'234.50", False, 123_450),
        ("\u22123,5", True, -350),
        ("+12", True, 1_200),
        ("12,345", True, None),
        ("1e3", True, None),
        ("NaN", True, None),
        ("", True, None),
        ("9" * 40, True, None),
    ],
)
def test_an_amount_is_read_as_the_bank_writes_it(text: str, comma: bool, cents: int | None) -> None:
    assert amount_of(text, EURO, decimal_comma=comma) == cents


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("11/05/2026", DateOrder.DAY_MONTH_YEAR, DAY),
        ("11.5.26", DateOrder.DAY_MONTH_YEAR, DAY),
        ("05-11-2026", DateOrder.MONTH_DAY_YEAR, DAY),
        ("2026-05-11", DateOrder.YEAR_MONTH_DAY, DAY),
        ("20260511", DateOrder.YEAR_MONTH_DAY, DAY),
        ("11052026", DateOrder.DAY_MONTH_YEAR, DAY),
        ("13/13/2026", DateOrder.DAY_MONTH_YEAR, None),
        ("today", DateOrder.DAY_MONTH_YEAR, None),
    ],
)
def test_a_day_is_read_in_the_order_of_the_bank(text: str, order: DateOrder, expected: date | None) -> None:
    assert day_of(text, order) == expected


@pytest.mark.parametrize(("text", "cents"), [("12", 12), ("12.5", None), ("1e400", None), ("-0", 0)])
def test_an_amount_of_a_currency_without_decimals_has_none(text: str, cents: int | None) -> None:
    assert cents_of(text, Currency("JPY", 0)) == cents


def test_text_with_a_zero_byte_is_no_text() -> None:
    assert decoded(b"a\0") is None


days = st.dates(date(2026, 1, 1), date(2026, 1, 3))
lines = st.lists(st.builds(StatementLine, days, st.sampled_from([100, 200]), st.sampled_from(["a", "b"])), max_size=12)


@given(lines, st.integers(0, 3), st.integers(0, 3))
def test_overlapping_files_of_whole_days_name_each_line_once(of_all: list[StatementLine], cut: int, other: int) -> None:
    first = [line for line in of_all if line.booked_on.day <= cut]
    second = [line for line in of_all if line.booked_on.day > min(cut, other)]
    whole = keys_of("A", "EUR", of_all)
    assert len(set(whole)) == len(of_all)
    assert {*keys_of("A", "EUR", first), *keys_of("A", "EUR", second)} == set(whole)
    assert not set(keys_of("B", "EUR", of_all)) & set(whole)


def test_lines_with_the_same_reference_of_the_bank_are_one_line() -> None:
    line = StatementLine(DAY, 100, "a", "REF1")
    first, second = keys_of("A", "EUR", [line, replace(line, text="written in another way")])
    assert first == second
