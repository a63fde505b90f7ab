"""Reader of camt.053 (ISO 20022, BankToCustomerStatement, versions 001.02 to 001.13).

Source: https://www.iso20022.org/catalogue-messages/iso-20022-messages-archive (camt.053). Entities, document types and
external references are refused before anything is expanded.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from virage.money.settlement.rules.statements import (
    DEFECTS_MAX,
    FILE_BYTES_MAX,
    LINES_MAX,
    TEXT_CHARS_MAX,
    Defect,
    Parsed,
    ParsedStatement,
    StatementLine,
    account_of,
    cents_of,
)
from virage.platform.values.money import Currency

NAMESPACE: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-3])\}")
DEPTH_MAX: Final = 60
OPENING: Final = ("OPBD", "PRCD")
CLOSING: Final = "CLBD"
_SIGN: Final = {"CRDT": 1, "DBIT": -1}


class _TooDeep(Exception):
    """Elements are nested deeper than in any statement."""


class _Builder(TreeBuilder):
    """Builds elements without namespace, each with the line where it starts."""

    def __init__(self) -> None:
        super().__init__()
        self.parser: Any = None
        self.namespace = ""
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _TooDeep
        found = NAMESPACE.match(tag)
        if self._depth == 1 and found is not None:
            self.namespace = found.group()
        line = str(self.parser.parser.CurrentLineNumber)
        return super().start(tag.removeprefix(self.namespace), {**attrs, "line": line})

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag.removeprefix(self.namespace))


def read_camt053(raw: bytes, currency: Currency) -> Parsed:
    """Return the statements of a file, or all its defects. Only booked entries are lines."""
    if len(raw) > FILE_BYTES_MAX:
        return Parsed([], [Defect(1, "file_too_large", str(len(raw)))])
    found = _statements(raw)
    if isinstance(found, Defect):
        return Parsed([], [found])
    defects: list[Defect] = []
    statements = [_statement(statement, currency, defects) for statement in found]
    if sum(len(statement.lines) for statement in statements) > LINES_MAX:
        defects.append(Defect(1, "too_many_lines", str(LINES_MAX)))
    return Parsed([], defects[:DEFECTS_MAX]) if defects else Parsed(statements, [])


def _statements(raw: bytes) -> list[Element] | Defect:
    """Return the elements of the statements, or what keeps the file from being read."""
    builder = _Builder()
    parser = XMLParser(target=builder, forbid_dtd=True)
    builder.parser = parser
    defect = None
    try:
        parser.feed(raw)
        root = parser.close()
    except ParseError as failure:
        defect = Defect(failure.position[0], "xml_invalid")
    except (DefusedXmlException, _TooDeep):
        defect = Defect(parser.parser.CurrentLineNumber, "xml_forbidden")
    except (LookupError, ValueError):
        defect = Defect(1, "encoding_unknown")
    if defect is not None:
        return defect
    if not builder.namespace:
        return Defect(1, "not_camt053", root.tag[:TEXT_CHARS_MAX])
    return root.findall("BkToCstmrStmt/Stmt") or Defect(_line(root), "statement_missing")


def _statement(statement: Element, currency: Currency, defects: list[Defect]) -> ParsedStatement:
    account = statement.findtext("Acct/Id/IBAN") or statement.findtext("Acct/Id/Othr/Id") or ""
    if not account.strip():
        defects.append(Defect(_line(statement), "account_missing"))
    before = len(defects)
    lines = [line for entry in statement.findall("Ntry") if (line := _entry(entry, currency, defects)) is not None]
    balances: dict[str, int] = {}
    for balance in statement.findall("Bal"):
        kind = balance.findtext("Tp/CdOrPrtry/Cd") or ""
        if kind in (*OPENING, CLOSING):
            cents = _signed(balance, currency, defects)
            if cents is not None:
                balances.setdefault(kind, cents)
    opening = next((balances[kind] for kind in OPENING if kind in balances), None)
    closing = balances.get(CLOSING)
    if len(defects) == before:
        if opening is None or closing is None:
            defects.append(Defect(_line(statement), "balance_missing"))
        else:
            expected = opening + sum(line.amount_cents for line in lines)
            if expected != closing:
                defects.append(Defect(_line(statement), "balance_differs", str(currency.decimal(closing - expected))))
    return ParsedStatement(account_of(account), lines, opening, closing)


def _entry(entry: Element, currency: Currency, defects: list[Defect]) -> StatementLine | None:
    status = entry.findtext("Sts/Cd") or entry.findtext("Sts") or ""
    if status.strip() not in ("BOOK", ""):
        return None  # pending and informational entries are no part of the balance
    cents = _signed(entry, currency, defects)
    written = entry.findtext("BookgDt/Dt") or entry.findtext("BookgDt/DtTm") or entry.findtext("ValDt/Dt") or ""
    booked_on = _day(written)
    if booked_on is None:
        defects.append(Defect(_line(entry), "date_invalid", written[:TEXT_CHARS_MAX]))
    if cents is None or booked_on is None:
        return None
    reference = (entry.findtext("AcctSvcrRef") or "").strip() or None
    text = " ".join(dict.fromkeys(_texts(entry)))[:TEXT_CHARS_MAX]
    return StatementLine(booked_on, cents, text, reference)


def _texts(entry: Element) -> Iterator[str]:
    """Yield what the bank wrote of an entry: names of the debtor, references and remittance information."""
    paths = (
        "AddtlNtryInf",
        "NtryRef",
        "NtryDtls/TxDtls/RltdPties/Dbtr/Nm",
        "NtryDtls/TxDtls/RltdPties/Dbtr/Pty/Nm",
        "NtryDtls/TxDtls/RltdPties/UltmtDbtr/Nm",
        "NtryDtls/TxDtls/RmtInf/Ustrd",
        "NtryDtls/TxDtls/RmtInf/Strd/CdtrRefInf/Ref",
        "NtryDtls/TxDtls/Refs/EndToEndId",
        "NtryDtls/TxDtls/Refs/InstrId",
        "NtryDtls/TxDtls/AddtlTxInf",
    )
    for path in paths:
        for found in entry.findall(path):
            text = " ".join((found.text or "").split())
            if text and text != "NOTPROVIDED":
                yield text


def _signed(element: Element, currency: Currency, defects: list[Defect]) -> int | None:
    amount = element.find("Amt")
    written = "" if amount is None or amount.text is None else amount.text.strip()
    cents = cents_of(written, currency)
    line = _line(element if amount is None else amount)
    if cents is None or cents < 0:
        defects.append(Defect(line, "amount_invalid", written[:TEXT_CHARS_MAX]))
        return None
    code = "" if amount is None else amount.get("Ccy", "")
    if code != currency.code:
        defects.append(Defect(line, "currency_differs", code[:TEXT_CHARS_MAX]))
        return None
    direction = (element.findtext("CdtDbtInd") or "").strip()
    if direction not in _SIGN:
        defects.append(Defect(_line(element), "direction_invalid", direction[:TEXT_CHARS_MAX]))
        return None
    return cents * _SIGN[direction]


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        return None


def _line(element: Element) -> int:
    return int(element.get("line", "1"))
