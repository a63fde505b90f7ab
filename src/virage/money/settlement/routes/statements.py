"""Office routes of bank statements."""

import asyncio
from datetime import date
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from virage.money.payments.api import PaymentProvider
from virage.money.settlement.acts import bank as acts
from virage.money.settlement.acts.bank import StatementImport
from virage.money.settlement.rules.camt053 import read_camt053
from virage.money.settlement.rules.csv_statement import CsvColumns, Preview, preview, read_csv
from virage.money.settlement.rules.items import SettlementRefusal
from virage.money.settlement.rules.statements import FILE_BYTES_MAX, Defect, Format, Parsed, account_of
from virage.money.settlement.store import bank as store
from virage.money.settlement.store.bank import BankAccount, BankStatement, NewStatement
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.money import Currency
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request, get, mount, post
from virage.platform.web.scopes import over_the_house

ROLES: Final[tuple[Role, ...]] = ("finance",)
STATEMENTS_MAX: Final = 50
AccountNumber = Annotated[str, Meta(max_length=40, description="Bank account of a CSV file")]
Columns = Annotated[str, Meta(max_length=2_000, description="Columns of a CSV file, as JSON")]
FileName = Annotated[str, Meta(max_length=200)]


class StatementSummary(Struct, frozen=True):
    """A statement of a file that was read."""

    account: str
    lines: int
    first_on: date | None
    last_on: date | None
    opening_cents: int | None
    closing_cents: int | None


class StatementCheck(Struct, frozen=True):
    """A checked file: its statements, or its defects. A CSV file has a preview of its rows."""

    format: Format
    statements: list[StatementSummary]
    defects: list[Defect]
    preview: Preview | None


class BankAccounts(Struct, frozen=True):
    """Bank accounts with the columns of their CSV files, and the latest statements."""

    accounts: list[BankAccount]
    statements: list[BankStatement]


@get("/statements", guards=[staff(*ROLES)])
async def list_statements(db: Database, principal: Principal) -> BankAccounts:
    """Return the bank accounts, and imported statements, latest first; at most 50."""
    over_the_house(principal, ROLES)
    async with db.connection() as conn:
        return BankAccounts(await store.accounts(conn), await store.statements(conn, STATEMENTS_MAX))


@post("/statements/check", status_code=200, guards=[staff(*ROLES)], rate="costly", body_bytes_max=FILE_BYTES_MAX)
async def check_statement(
    request: Request,
    config: Config,
    principal: Principal,
    *,
    account: AccountNumber = "",
    columns: Columns = "",
) -> StatementCheck:
    """Read a file of camt.053 or CSV. Nothing is stored. A CSV file without columns has only its preview."""
    over_the_house(principal, ROLES)
    raw, mapping = await request.body(), _mapping(columns)
    format_ = _format(raw)
    if format_ is Format.CSV and mapping is None:
        shown = await asyncio.to_thread(preview, raw)
        return StatementCheck(format_, [], [] if shown else [Defect(1, "encoding_unknown")], shown)
    parsed = await asyncio.to_thread(_read, raw, account, mapping, config.currency)
    shown = await asyncio.to_thread(preview, raw) if format_ is Format.CSV else None
    statements = [
        StatementSummary(
            found.account,
            len(found.lines),
            min((line.booked_on for line in found.lines), default=None),
            max((line.booked_on for line in found.lines), default=None),
            found.opening_cents,
            found.closing_cents,
        )
        for found in parsed.statements
    ]
    return StatementCheck(format_, statements, parsed.defects, shown)


@post("/statements", status_code=200, guards=[staff(*ROLES)], rate="costly", body_bytes_max=FILE_BYTES_MAX)
async def import_statement(
    request: Request,
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    payment_provider: PaymentProvider,
    account: AccountNumber = "",
    columns: Columns = "",
    file_name: FileName = "",
) -> StatementImport:
    """Import a file without defects, else `statement_invalid` with all of them. Lines that are known are skipped."""
    over_the_house(principal, ROLES)
    raw, mapping = await request.body(), _mapping(columns)
    parsed = await asyncio.to_thread(_read, raw, account, mapping, config.currency)
    if parsed.defects:
        raise Problem(SettlementRefusal.STATEMENT_INVALID, {"defects": parsed.defects})
    digest = sha256(raw + b"\0" + account_of(account).encode() + columns.encode()).digest()
    statements = [
        NewStatement(_format(raw), file_name, digest, position, statement)
        for position, statement in enumerate(parsed.statements)
    ]
    async with db.transaction() as conn:
        return await acts.import_statements(
            conn,
            statements,
            principal.id,
            clock.now(),
            currency=config.currency.code,
            provider=payment_provider.name,
            mapping=mapping,
        )


def _format(raw: bytes) -> Format:
    start = raw[:200].decode("utf-8-sig", "ignore").lstrip("\ufeff\0 \r\n\t")
    return Format.CAMT053 if start.startswith("<") or raw.startswith((b"\xff\xfe<", b"\xfe\xff\0<")) else Format.CSV


def _mapping(columns: str) -> CsvColumns | None:
    """Return the columns of a CSV file. Raises `invalid_input`."""
    if not columns:
        return None
    try:
        return msgspec.json.decode(columns, type=CsvColumns)
    except msgspec.DecodeError as failure:
        raise Problem("invalid_input", {"errors": [{"source": "columns", "message": str(failure)}]}) from failure


def _read(raw: bytes, account: str, mapping: CsvColumns | None, currency: Currency) -> Parsed:
    if _format(raw) is Format.CAMT053:
        return read_camt053(raw, currency)
    if mapping is None:
        return Parsed([], [Defect(1, "columns_missing")])
    return read_csv(raw, account, mapping, currency)


router = mount("/api/office/payments", [list_statements, check_statement, import_statement])
