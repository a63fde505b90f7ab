"""People who are simply there: for a demonstration and for an operator's own scripts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.kernel import journal
from virage.kernel.database import Connection
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.kernel.journal import Fact
from virage.people.acts.office import give
from virage.people.rules.addresses import normalise_address
from virage.people.rules.persons import Locale, Newcomer, tidy_name
from virage.people.store import persons


async def ensure_fan(conn: Connection, email: str, name: str | None, now: datetime, locale: Locale = Locale.FR) -> UUID:
    """The id of the person behind the address, who joins if need be. Raises ValueError for no address or no name."""
    address = normalise_address(email)
    if address is None:
        raise ValueError("This is not an e-mail address.")
    person = await persons.join(conn, Newcomer(new_id(), address, tidy_name(name), locale), now)
    if person.joined:
        await journal.append(conn, [Fact("person_joined", person.id, person.id)], now)
    return person.id


async def ensure_staff(conn: Connection, email: str, name: str | None, grants: Sequence[Grant], now: datetime) -> UUID:
    """The id of the person behind the address, who holds the grants from now on."""
    person_id = await ensure_fan(conn, email, name, now)
    await give(conn, person_id, grants, None, now)
    return person_id
