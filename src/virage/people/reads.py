"""What screens and neighbours may ask about people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from virage.kernel.database import Connection
from virage.kernel.guard import Principal, holds
from virage.people.rules.addresses import normalise_address
from virage.people.rules.grants import (
    GrantView,
    Invitation,
    ProgramToken,
    StaffGrant,
    view_of,
)
from virage.people.rules.mails import Letter
from virage.people.rules.persons import Locale, Person, SessionView
from virage.people.store import grants, mails, persons, sessions

MAILBOX_MOST = 50
PROGRAMS_MOST = 500
STAFF_MOST = 5_000


class PersonExport(Protocol):
    """What a domain above tells a person about themselves, under its own name."""

    async def __call__(self, conn: Connection, person_id: UUID) -> Any:
        """Everything kept about the person, as JSON values or Structs."""
        ...


class Me(Struct, frozen=True):
    """Who I am to Virage, and what I may do. Nobody known and guests have neither id nor address."""

    kind: Literal["anonymous", "guest", "fan", "staff", "program"]
    id: UUID | None
    email: str | None
    name: str | None
    locale: Locale | None
    grants: list[GrantView]
    authenticated_at: datetime | None


class Staff(Struct, frozen=True):
    """Who holds what, and who is invited, as far as the asker administers it."""

    grants: list[StaffGrant]
    invitations: list[Invitation]


async def person(conn: Connection, person_id: UUID) -> Person | None:
    """One person; None once they are erased."""
    return await persons.person(conn, person_id)


async def persons_by_id(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Many persons in one statement; those who are erased are missing."""
    return await persons.persons(conn, person_ids)


async def search(conn: Connection, wanted: str, most: int) -> list[Person]:
    """Persons by their whole address in any spelling, or by a part of their name; nobody who is erased.

    Only for whoever may see persons: the caller answers for that.
    """
    if "@" not in wanted:
        return await persons.persons_called(conn, wanted, most)
    address = normalise_address(wanted)
    found = None if address is None else await persons.person_by_email(conn, address)
    return [] if found is None else [found]


async def me(conn: Connection, principal: Principal) -> Me:
    """Who asks, with the grants that this request was let in with."""
    found = None
    if principal.kind in ("fan", "staff") and principal.id is not None:
        found = await persons.person(conn, principal.id)
    return Me(
        kind=principal.kind,
        id=principal.id,
        email=found.email if found else None,
        name=found.name if found else None,
        locale=found.locale if found else None,
        grants=[view_of(grant) for grant in principal.grants],
        authenticated_at=principal.authenticated_at,
    )


async def me_signed_in(conn: Connection, person_id: UUID, now: datetime) -> Me:
    """Who has signed in at this moment."""
    held = tuple(await grants.grants_of(conn, person_id))
    return await me(conn, Principal("staff" if held else "fan", person_id, None, held, now))


async def sessions_of(conn: Connection, person_id: UUID, current: UUID | None, now: datetime) -> list[SessionView]:
    """The person's living sessions, the last seen first; `current` is the one that asks."""
    return await sessions.sessions_of(conn, person_id, current, now)


async def staff(conn: Connection, principal: Principal, now: datetime) -> Staff:
    """The staff and the invitations within what the asker administers, `STAFF_MOST` of either."""
    administered = [grant for grant in principal.grants if grant.role == "admin" and principal.kind == "staff"]
    return Staff(
        await grants.staff(conn, administered, STAFF_MOST),
        await grants.invitations(conn, administered, now, STAFF_MOST),
    )


async def programs(conn: Connection, principal: Principal, now: datetime) -> list[ProgramToken]:
    """The programs that the asker created; for who administers everything all of them, the newest `PROGRAMS_MOST`."""
    if holds(principal, "admin"):
        return await grants.programs(conn, now, PROGRAMS_MOST)
    return [] if principal.id is None else await grants.programs_created_by(conn, principal.id, now)


async def export(
    conn: Connection, person_id: UUID, contributors: Mapping[str, PersonExport], now: datetime
) -> dict[str, Any]:
    """Everything that Virage keeps about a person, by domain."""
    held = await grants.grants_of(conn, person_id)
    about: dict[str, Any] = {
        "exported_at": now,
        "person": await persons.person(conn, person_id),
        "joined_at": await persons.joined_at(conn, person_id),
        "sessions": await sessions.sessions_of(conn, person_id, None, now),
        "grants": [view_of(grant) for grant in held],
        "tokens": await grants.programs_created_by(conn, person_id, now),
    }
    for name, contributor in contributors.items():
        about[name] = await contributor(conn, person_id)
    return about


async def mailbox(conn: Connection) -> list[Letter]:
    """The latest letters of a demonstration without a mail server."""
    return await mails.mailbox(conn, MAILBOX_MOST)
