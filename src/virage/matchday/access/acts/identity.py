"""The identity rule of an event, and the names that stewards compare with documents."""

from collections.abc import Iterable
from datetime import datetime
from secrets import token_bytes
from uuid import UUID

from virage.identity.passes import api as passes
from virage.matchday.access.rules.evaluation import PassKey
from virage.matchday.access.rules.identity import SECRET_BYTES, IdentityContent, IdentityRule
from virage.matchday.access.store import identity as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.ticketing import api as ticketing
from virage.site.programme.types import Event

NOT_NAMED = Refused("tickets_not_named")
CHANGED = "changed_meanwhile"


async def set_identity_rule(
    conn: Connection, event: Event, content: IdentityContent, *, revision: int | None, who: UUID | None, now: datetime
) -> IdentityRule | Refused:
    """Set the identity rule of an event at the `revision` that the office saw, None for its first one.

    Devices fetch a new pack for it. The same rule again changes nothing.

    Refusals: `tickets_not_named` for an event whose tickets carry no names, `changed_meanwhile`.
    """
    if not event.rules.named_tickets:
        return NOT_NAMED
    if not await store.insert_identity_rule(conn, event.id, content, token_bytes(SECRET_BYTES), who=who, now=now):
        known = await store.lock_identity_rule(conn, event.id)
        if known is None:
            return Refused(CHANGED)
        if (known.share_percent, known.unnamed) == (content.share_percent, content.unnamed):
            return known
        if known.revision != revision:
            return Refused(CHANGED, {"revision": known.revision})
        await store.change_identity_rule(conn, event.id, content, who, now)
    data = {"share_percent": content.share_percent, "unnamed": content.unnamed}
    await append(conn, [Fact("identity_rule_set", who, event.id, data)], now)
    return (await store.identity_rules(conn, [event.id]))[event.id]


async def names_on_tickets(conn: Connection, keys: Iterable[PassKey]) -> dict[PassKey, str | None]:
    """Return the names on the tickets of passes, None on a ticket without one; accreditations are missing."""
    numbers: dict[UUID, list[int]] = {}
    for event_id, number in keys:
        numbers.setdefault(event_id, []).append(number)
    subjects = {
        subject: (event_id, number)
        for event_id, wanted in numbers.items()
        for number, subject in (await passes.subjects(conn, event_id, wanted)).items()
    }
    names = await ticketing.holder_names(conn, list(subjects)) if subjects else {}
    return {subjects[subject]: name for subject, name in names.items()}
