"""Accounts of fans, what moved in them, notices of points that lapse, and the position of the journal."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.data.journal import Key
from virage.sale.points.rules.lots import Notice
from virage.sale.points.rules.terms import Account, Movement, MovementKind
from virage.sale.points.store.queries import queries


class Stand(Struct, frozen=True):
    """The last number of an account's movements, its balance, and what was earned since a moment."""

    last_number: int = 0
    balance: int = 0
    earned: int = 0


class StoredNotice(Struct, frozen=True):
    """A notice of points that lapse, with its account."""

    id: UUID
    account_id: UUID
    lapses_at: datetime
    points: int


class NoticeRow(Struct, frozen=True):
    """A notice as its email needs it."""

    lapses_at: datetime
    points: int
    done_at: datetime | None
    organiser_id: UUID
    person_id: UUID | None


class Total(Struct, frozen=True):
    """What moved at an organiser: by kind, and by rule where one earned it."""

    organiser_id: UUID
    kind: MovementKind
    rule_id: UUID | None
    movements: int
    points: int
    written_off: int


async def insert_account(conn: Connection, account: Account) -> None:
    """Insert the account of a person who joins."""
    await queries.insert_account(
        conn,
        id=account.id,
        organiser_id=account.organiser_id,
        person_id=account.person_id,
        now=account.joined_at,
    )


async def accounts_of_person(conn: Connection, person_id: UUID) -> list[Account]:
    """Return the accounts of a person, closed ones too, the latest first."""
    return [Account(**row) async for row in queries.accounts_of_person(conn, person_id=person_id)]


async def open_accounts_of(conn: Connection, organiser_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Return the open accounts of these persons at an organiser, by person."""
    rows = queries.open_accounts_of(conn, organiser_id=organiser_id, person_ids=person_ids)
    return {row["person_id"]: Account(**row) async for row in rows}


async def accounts(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Return accounts by id."""
    return {row["id"]: Account(**row) async for row in queries.accounts(conn, ids=ids)}


async def lock_accounts(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Lock accounts in the order of their ids."""
    return {row["id"]: Account(**row) async for row in queries.lock_accounts(conn, ids=sorted(set(ids)))}


async def close_accounts(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Close locked accounts."""
    await queries.close_accounts(conn, ids=ids, now=now)


async def forget_person(conn: Connection, ids: Sequence[UUID]) -> None:
    """Remove the person from closed accounts, and delete what was written by and about them."""
    await queries.forget_person(conn, ids=ids)
    await queries.forget_texts(conn, ids=ids)
    await queries.forget_reasons(conn, ids=ids)


async def accounts_to_empty(conn: Connection, most: int) -> list[UUID]:
    """Return closed accounts whose points have not lapsed."""
    return [row["id"] async for row in queries.accounts_to_empty(conn, most=most)]


async def mark_emptied(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Mark closed accounts whose points have lapsed."""
    await queries.mark_emptied(conn, ids=ids, now=now)


async def open_accounts_after(conn: Connection, organiser_id: UUID, after: UUID, most: int) -> list[UUID]:
    """Return open accounts of an organiser, by id, after one."""
    rows = queries.open_accounts_after(conn, organiser_id=organiser_id, after=after, most=most)
    return [row["id"] async for row in rows]


async def movements_of(conn: Connection, account_ids: Sequence[UUID]) -> dict[UUID, list[Movement]]:
    """Return everything that moved in accounts, by account, in order."""
    found: dict[UUID, list[Movement]] = {account_id: [] for account_id in account_ids}
    async for row in queries.movements_of(conn, account_ids=account_ids):
        found[row["account_id"]].append(Movement(**row))
    return found


async def movements_page(conn: Connection, account_id: UUID, before: int, most: int) -> list[Movement]:
    """Return what moved in an account before a number, the latest first."""
    rows = queries.movements_page(conn, account_id=account_id, before=before, most=most)
    return [Movement(**row) async for row in rows]


async def movements_of_sources(conn: Connection, sources: Sequence[UUID]) -> list[Movement]:
    """Return what events and orders earned, and what refunds took back, by account and in order."""
    return [Movement(**row) async for row in queries.movements_of_sources(conn, sources=sources)]


async def movements_by_entry(conn: Connection, entries: Collection[tuple[UUID, UUID]]) -> list[Movement]:
    """Return what entries earned, and what withdrawn scans took back, by account and in order.

    `entries` are pairs of an account and an event.
    """
    pairs = sorted(entries)
    rows = queries.movements_by_entry(
        conn, account_ids=[account_id for account_id, _ in pairs], event_ids=[event_id for _, event_id in pairs]
    )
    return [Movement(**row) async for row in rows]


async def known_movements(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return those of these ids that are stored."""
    return {row["id"] async for row in queries.known_movements(conn, ids=ids)}


async def stands(conn: Connection, account_ids: Sequence[UUID], since: datetime) -> dict[UUID, Stand]:
    """Return the stands of accounts, with what was earned since a moment."""
    found = {account_id: Stand() for account_id in account_ids}
    async for row in queries.stands(conn, account_ids=account_ids, since=since):
        found[row["account_id"]] = Stand(row["last_number"], row["balance"], row["earned"])
    return found


async def insert_movements(conn: Connection, movements: Sequence[Movement]) -> None:
    """Insert what moves in locked accounts."""
    await queries.insert_movements(
        conn,
        ids=[one.id for one in movements],
        account_ids=[one.account_id for one in movements],
        numbers=[one.number for one in movements],
        kinds=[one.kind for one in movements],
        at=[one.at for one in movements],
        points=[one.points for one in movements],
        sources=[one.source for one in movements],
        written_off=[one.written_off for one in movements],
        rule_ids=[one.rule_id for one in movements],
        revisions=[one.revision for one in movements],
        rates=[one.rate for one in movements],
        multipliers=[one.multiplier_permille for one in movements],
        event_ids=[one.event_id for one in movements],
        cents=[one.cents for one in movements],
    )


async def totals(conn: Connection, organiser_ids: Sequence[UUID]) -> list[Total]:
    """Return what moved at organisers."""
    return [Total(**row) async for row in queries.totals(conn, organiser_ids=organiser_ids)]


async def people(conn: Connection, organiser_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many people take part, by organiser."""
    return {row["organiser_id"]: row["people"] async for row in queries.people(conn, organiser_ids=organiser_ids)}


async def notices_of(conn: Connection, account_ids: Sequence[UUID]) -> dict[UUID, list[Notice]]:
    """Return the notices of points that have not lapsed yet, by account."""
    found: dict[UUID, list[Notice]] = {account_id: [] for account_id in account_ids}
    async for row in queries.notices_of(conn, account_ids=account_ids):
        found[row["account_id"]].append(Notice(row["lapses_at"], row["points"]))
    return found


async def insert_notices(conn: Connection, notices: Sequence[StoredNotice], now: datetime) -> set[UUID]:
    """Insert notices; return those that are new."""
    rows = queries.insert_notices(
        conn,
        account_ids=[one.account_id for one in notices],
        moments=[one.lapses_at for one in notices],
        ids=[one.id for one in notices],
        points=[one.points for one in notices],
        now=now,
    )
    return {row["id"] async for row in rows}


async def due_notices(conn: Connection, now: datetime, most: int) -> list[StoredNotice]:
    """Return notices whose moment has come, the earliest first."""
    return [StoredNotice(**row) async for row in queries.due_notices(conn, now=now, most=most)]


async def end_notices(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Mark notices whose points have lapsed, or were spent."""
    await queries.end_notices(conn, ids=ids, now=now)


async def notice(conn: Connection, id_: UUID) -> NoticeRow | None:
    """Return a notice, or None."""
    row = await queries.notice(conn, id=id_)
    return None if row is None else NoticeRow(**row)


async def start_position(conn: Connection, key: Key) -> None:
    """Store the position of the journal from which points are earned, unless there is one."""
    await queries.start_position(conn, xid=str(key.xid))


async def lock_position(conn: Connection) -> Key | None:
    """Lock the position of the journal up to which points were earned; None before the first programme."""
    row = await queries.lock_position(conn)
    return None if row is None else Key(int(row["xid"]), row["seq"])


async def put_position(conn: Connection, key: Key) -> None:
    """Store the position of the journal up to which points were earned."""
    await queries.put_position(conn, xid=str(key.xid), seq=key.seq)
