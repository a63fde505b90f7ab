"""Persons: who they are, and how they are forgotten."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from virage.identity.people.rules.persons import Locale, NewPerson, Person
from virage.identity.people.store.queries import queries
from virage.platform.data.database import Connection


class Joined(NamedTuple):
    """The person behind an address; `joined` if they are new, `staff` if they hold a grant."""

    id: UUID
    joined: bool
    staff: bool


def _person(row: Any) -> Person | None:
    if row is None:
        return None
    return Person(row["id"], row["email"], row["name"], row["locale"])


async def join(conn: Connection, newcomer: NewPerson, now: datetime) -> Joined:
    """Return the person of the address, inserting the new one if there is none."""
    row = await queries.join(
        conn,
        person_id=newcomer.id,
        email=newcomer.email,
        name=newcomer.name,
        locale=newcomer.locale,
        now=now,
    )
    return Joined(row["id"], row["joined"], row["staff"])


async def person(conn: Connection, person_id: UUID) -> Person | None:
    """One person who is not erased."""
    return _person(await queries.person(conn, person_id=person_id))


async def persons(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Those of them who are not erased."""
    rows = queries.persons(conn, person_ids=person_ids)
    return {row["id"]: Person(row["id"], row["email"], row["name"], row["locale"]) async for row in rows}


async def person_by_email(conn: Connection, email: str) -> Person | None:
    """The person behind a normalised address."""
    return _person(await queries.person_by_email(conn, email=email))


async def persons_by_email(conn: Connection, emails: Sequence[str]) -> list[Person]:
    """The people behind normalised addresses."""
    rows = queries.persons_by_email(conn, emails=emails)
    return [Person(row["id"], row["email"], row["name"], row["locale"]) async for row in rows]


async def find_persons(conn: Connection, name: str, wanted: int) -> list[Person]:
    """Persons whose name contains these emails, or whose address begins with them, in any case; at most so many."""
    rows = queries.find_persons(conn, name=name, wanted=wanted)
    return [Person(row["id"], row["email"], row["name"], row["locale"]) async for row in rows]


async def change_person(conn: Connection, person_id: UUID, name: str | None, locale: Locale) -> Person | None:
    """Store a name and a locale."""
    return _person(await queries.change_person(conn, person_id=person_id, name=name, locale=locale))


async def lock_person(conn: Connection, person_id: UUID) -> Person | None:
    """Return the person, locked."""
    return _person(await queries.lock_person(conn, person_id=person_id))


async def lock_persons(conn: Connection, person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Return people by id, locked in order; those who are erased are missing."""
    rows = queries.lock_persons(conn, person_ids=sorted(person_ids))
    return {row["id"]: Person(row["id"], row["email"], row["name"], row["locale"]) async for row in rows}


async def joined_at(conn: Connection, person_id: UUID) -> datetime | None:
    """When they joined."""
    found: datetime | None = await queries.joined_at(conn, person_id=person_id)
    return found


async def erase(conn: Connection, person_id: UUID, email: str, address_key: bytes, now: datetime) -> None:
    """Forget everything but the id, and emails; sessions, codes, paces and API clients have queries of their own."""
    await queries.erase_person(conn, person_id=person_id, now=now)
    await queries.erase_mailbox(conn, email=email)
    await queries.erase_emails(conn, person_id=person_id, address_key=address_key)
    await queries.erase_recipients(conn, person_id=person_id, address_key=address_key)
    await queries.erase_blocked(conn, address_key=address_key)
