"""People who are simply there: for a demonstration and for an operator's own scripts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people.acts.staff import give
from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.persons import Locale, NewPerson, normalise_name
from virage.identity.people.rules.sign_in import Opening, SignedIn, lifetime
from virage.identity.people.store import grants as held_grants
from virage.identity.people.store import persons, sessions
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.settings.config import LANGUAGES
from virage.platform.values.ids import new_id
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Grant


async def ensure_fan(
    conn: Connection, email: str, name: str | None, now: datetime, locale: Locale = LANGUAGES[0]
) -> UUID:
    """The id of the person behind the address, who joins if need be. Raises ValueError for no address or no name."""
    address = normalise_address(email)
    if address is None:
        raise ValueError("This is not an e-mail address.")
    person = await persons.join(conn, NewPerson(new_id(), address, normalise_name(name), locale), now)
    if person.joined:
        await journal.append(conn, [Fact("person_joined", person.id, person.id)], now)
    return person.id


async def ensure_staff(conn: Connection, email: str, name: str | None, grants: Sequence[Grant], now: datetime) -> UUID:
    """The id of the person behind the address, who holds the grants from now on."""
    person_id = await ensure_fan(conn, email, name, now)
    await give(conn, person_id, grants, None, now)
    return person_id


async def open_session(conn: Connection, person_id: UUID, now: datetime, device: str = "") -> SignedIn:
    """Open a session for a person without a code: for operator scripts, demos and benchmarks."""
    staff = bool(await held_grants.grants_of(conn, person_id))
    opened = SignedIn(person_id=person_id, session_id=new_id(), token=new_token(), joined=False)
    opening = Opening(person_id, opened.token, device, at=now, expires_at=now + lifetime(person=True, staff=staff))
    await sessions.open_session(conn, opened.session_id, opening)
    await journal.append(conn, [Fact("signed_in", person_id, person_id, {"session": opened.session_id})], now)
    return opened
