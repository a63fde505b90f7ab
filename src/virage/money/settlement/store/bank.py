"""Bank accounts, statements and lines."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.money.settlement.rules.csv_statement import CsvColumns as Columns
from virage.money.settlement.rules.lines import AwaitedPayout, FreeLine, LineMatch
from virage.money.settlement.rules.statements import Format, ParsedStatement, StatementLine
from virage.money.settlement.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id


class Awaited(NamedTuple):
    """Payout without a bank line, with its provider's id and the time of its creation."""

    payout: AwaitedPayout
    ref: str
    created_at: datetime


class Free(NamedTuple):
    """Bank line without a payout, and whether it names the provider."""

    line: FreeLine
    concerns: bool


class BankLine(Struct, frozen=True):
    """Stored bank line; `matched_by` is `reference`, `amount` or `hand`."""

    id: UUID
    account: str
    booked_on: date
    amount_cents: int
    currency: str
    text: str
    payout_id: UUID | None
    matched_by: str | None


class BankAccount(Struct, frozen=True):
    """Bank account, with the columns of its CSV files."""

    id: str
    mapping: Columns | None


class BankStatement(Struct, frozen=True):
    """StatementImport statement; `new_count` is the number of lines that no earlier file contained."""

    id: UUID
    account: str
    format: Format
    file_name: str
    imported_at: datetime
    imported_by: UUID | None
    first_on: date
    last_on: date
    opening_cents: int | None
    closing_cents: int | None
    line_count: int
    new_count: int


class NewStatement(Struct, frozen=True):
    """BankStatement to store: its file, and its place in it."""

    format: Format
    file_name: str
    sha256: bytes
    position: int
    statement: ParsedStatement


class NewLine(Struct, frozen=True):
    """Line to store."""

    key: bytes
    line: StatementLine
    concerns: bool


async def awaited_payouts(conn: Connection) -> list[Awaited]:
    """Return the payouts without a bank line that may have one, oldest first."""
    return [
        Awaited(
            AwaitedPayout(row["id"], row["amount_cents"], row["currency"], row["arrives_on"], row["reference"]),
            row["ref"],
            row["created_at"],
        )
        async for row in queries.awaited_payouts(conn)
    ]


async def free_lines(conn: Connection, since: date) -> list[Free]:
    """Return the bank lines without a payout booked since a day."""
    return [
        Free(FreeLine(row["id"], row["amount_cents"], row["currency"], row["booked_on"], row["text"]), row["concerns"])
        async for row in queries.free_lines(conn, since=since)
    ]


async def match_lines(conn: Connection, matches: Sequence[LineMatch]) -> None:
    """Store the payouts of bank lines."""
    await queries.match_lines(
        conn,
        line_ids=[match.line_id for match in matches],
        payout_ids=[match.payout_id for match in matches],
        bys=[match.by for match in matches],
    )


async def descriptors(conn: Connection) -> list[str]:
    """Return what bank statements may show of the provider."""
    return [row["descriptor"] async for row in queries.descriptors(conn)]


async def latest_booking(conn: Connection) -> date | None:
    """Return the last day of all statements."""
    found: date | None = await queries.latest_booking(conn)
    return found


async def put_account(conn: Connection, account: str, mapping: Columns | None) -> None:
    """Store a bank account, and the columns of its CSV files if they were chosen."""
    await queries.put_account(conn, id=account, mapping=None if mapping is None else msgspec.to_builtins(mapping))


async def accounts(conn: Connection) -> list[BankAccount]:
    """Return the bank accounts."""
    return [
        BankAccount(row["id"], None if row["mapping"] is None else msgspec.convert(row["mapping"], Columns))
        async for row in queries.accounts(conn)
    ]


async def known_keys(conn: Connection, keys: Sequence[bytes]) -> set[bytes]:
    """Return which lines are stored."""
    return {row["key"] async for row in queries.known_keys(conn, keys=keys)}


async def insert_statement(
    conn: Connection, new: NewStatement, lines: Sequence[NewLine], now: datetime, *, currency: str, by: UUID | None
) -> UUID | None:
    """Store a statement with its new lines; None if the same file was imported before."""
    id_, statement = new_id(), new.statement
    days = [line.booked_on for line in statement.lines] or [now.date()]
    stored = await queries.insert_statement(
        conn,
        id=id_,
        account_id=statement.account,
        sha256=new.sha256,
        position=new.position,
        format=new.format.value,
        file_name=new.file_name,
        now=now,
        by=by,
        first_on=min(days),
        last_on=max(days),
        opening_cents=statement.opening_cents,
        closing_cents=statement.closing_cents,
        lines=len(statement.lines),
        new_lines=len(lines),
    )
    if not stored:
        return None
    await queries.insert_lines(
        conn,
        statement_id=id_,
        account_id=statement.account,
        currency=currency,
        ids=[new_id() for _ in lines],
        keys=[line.key for line in lines],
        booked_ons=[line.line.booked_on for line in lines],
        amounts_cents=[line.line.amount_cents for line in lines],
        texts=[
            line.line.text if line.line.bank_ref is None else f"{line.line.text} {line.line.bank_ref}".strip()
            for line in lines
        ],
        concern=[line.concerns for line in lines],
    )
    return id_


async def statements(conn: Connection, most: int) -> list[BankStatement]:
    """Return the imported statements, latest first."""
    return [
        BankStatement(
            row["id"],
            row["account_id"],
            Format(row["format"]),
            row["file_name"],
            row["imported_at"],
            row["imported_by"],
            row["first_on"],
            row["last_on"],
            row["opening_cents"],
            row["closing_cents"],
            row["line_count"],
            row["new_count"],
        )
        async for row in queries.statements(conn, most=most)
    ]


async def lines(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, BankLine]:
    """Return bank lines by id."""
    return {row["id"]: _line(row) async for row in queries.lines(conn, ids=ids)}


async def free_lines_near(conn: Connection, days: tuple[date, date], most: int) -> list[BankLine]:
    """Return bank lines without a payout in some days, inclusive; those that name the provider first."""
    rows = queries.free_lines_near(conn, first_on=days[0], last_on=days[1], most=most)
    return [_line(row) async for row in rows]


async def find_lines(conn: Connection, amount_cents: int, most: int) -> list[BankLine]:
    """Return bank lines with an amount, latest first."""
    return [_line(row) async for row in queries.find_lines(conn, amount_cents=amount_cents, most=most)]


def _line(row: Mapping[str, Any]) -> BankLine:
    return BankLine(
        row["id"],
        row["account_id"],
        row["booked_on"],
        row["amount_cents"],
        row["currency"],
        row["text"],
        row["payout_id"],
        row["matched_by"],
    )
