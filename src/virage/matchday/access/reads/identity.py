"""The identity rule of an event for the office."""

from datetime import datetime

from msgspec import Struct

from virage.identity.people import api as people
from virage.matchday.access.rules.identity import IdentityContent
from virage.matchday.access.store import identity as store
from virage.platform.data.database import Connection
from virage.site.programme.types import Event


class OfficeIdentityRule(Struct, frozen=True):
    """The identity rule of an event. Before the first one, `revision` is None and nothing is checked.

    `named_tickets`: tickets carry names, without which there is nothing to compare. `names_due_at` is None if names are
    optional.
    """

    rule: IdentityContent
    revision: int | None
    set_at: datetime | None
    set_by_name: str | None
    named_tickets: bool
    names_due_at: datetime | None


async def office_identity_rule(conn: Connection, event: Event) -> OfficeIdentityRule:
    """Return the rule of an event, with the name of the person who set it."""
    rule = (await store.identity_rules(conn, [event.id])).get(event.id)
    if rule is None:
        return OfficeIdentityRule(IdentityContent(), None, None, None, event.rules.named_tickets, event.names_due_at)
    names = {} if rule.set_by is None else await people.names_by_id(conn, [rule.set_by])
    return OfficeIdentityRule(
        IdentityContent(rule.share_percent, rule.unnamed),
        rule.revision,
        rule.set_at,
        None if rule.set_by is None else names.get(rule.set_by),
        event.rules.named_tickets,
        event.names_due_at,
    )
