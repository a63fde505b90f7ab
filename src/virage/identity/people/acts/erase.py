"""Erasure of a person: personal data are deleted, an id without a name stays."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from virage.identity.people.acts import emails
from virage.identity.people.rules import secrets
from virage.identity.people.rules.emails import EmailKind, NewEmail
from virage.identity.people.rules.reasons import Reason
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.store import codes, grants, passkeys, persons, pins, recovery, sessions, sso
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused


class PersonErased(Protocol):
    """The erasure handler of a higher domain, called in the same transaction, before the person's row is erased."""

    async def __call__(self, conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
        """Forget what is about the person, or refuse, which leaves everything as it was."""
        ...


Upcoming = Callable[[Connection, UUID, datetime], Awaitable[Sequence[object]]]


async def erase(
    conn: Connection,
    keys: PeopleKeys,
    person_id: UUID,
    erased: Sequence[PersonErased],
    *,
    upcoming: Upcoming | None,
    now: datetime,
) -> Refused | None:
    """Erase a person in every domain. Staff give back their grants first.

    `upcoming` refuses while there are tickets for coming events; None: the person gives them up.
    """
    person = await persons.person(conn, person_id)
    if person is None:
        return Refused(Reason.NOT_FOUND)
    address_key = secrets.address_key(keys, person.email)
    # the order of locks: what a sign-in locks, the person, what is theirs here, what other domains have of them
    await codes.drop_pace(conn, [secrets.rate_key(keys, person.email)])
    await codes.drop_wrong(conn, address_key)
    await codes.drop_codes_of(conn, address_key)
    if await persons.lock_person(conn, person_id) is None:
        return Refused(Reason.NOT_FOUND)
    if await grants.grants_of(conn, person_id):
        return Refused(Reason.HOLDS_GRANTS)
    await sso.erase(conn, person_id)
    await passkeys.erase(conn, person_id)
    await recovery.erase(conn, person_id)
    await grants.erase(conn, person_id, person.email)
    await sessions.erase_browsers(conn, person_id)
    await sessions.end_sessions_of(conn, person_id)
    await pins.drop_pin(conn, person_id)
    for handler in erased:
        refusal = await handler(conn, person_id, now)
        if refusal is not None:
            return refusal
    if upcoming is not None and await upcoming(conn, person_id, now):  # after the handlers, whose locks no sale passes
        return Refused(Reason.HAS_UPCOMING_TICKETS)
    await persons.erase(conn, person_id, person.email, address_key, now)
    last = NewEmail(
        id=new_id(), kind=EmailKind.ACCOUNT_ERASED, subject_id=person_id, to=person.email, locale=person.locale
    )
    await emails.write(conn, [last], now, keys=keys)
    await journal.append(conn, [Fact("person_erased", person_id, person_id)], now)
    return None
