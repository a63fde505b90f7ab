"""Scopes that enclose a grant's scope, and the posts of the venues."""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

from virage.identity.people.rules.devices import GATE, OUTLET, DeviceKind, PostKind, Posts, post_kind
from virage.identity.people.rules.grants import Within
from virage.platform.data.database import Connection
from virage.platform.web.guard import Grant
from virage.site.programme import api as programme
from virage.site.venue import api as venue
from virage.site.venue.types import Venue


async def enclosing(conn: Connection, grant: Grant) -> Within | None:
    """The scopes around the grant's, such as organiser and venue of an event; None if there is no such scope."""
    if grant.scope in ("gate", "outlet"):
        posts = await posts_of(conn, GATE if grant.scope == GATE.scope else OUTLET)
        code = str(grant.scope_id)
        return posts.around(code) if code in posts.groups or code in posts.groups.values() else None
    if grant.scope == "event" and isinstance(grant.scope_id, UUID):
        event = await programme.event(conn, grant.scope_id)
        if event is None:
            return None
        return (("organiser", event.organiser_id), ("venue", (await venue.venue_at(conn, event.venue_version)).code))
    if grant.scope == "organiser" and isinstance(grant.scope_id, UUID):
        return () if await programme.organisers(conn, [grant.scope_id]) else None
    if grant.scope == "venue":
        return () if await venue.venue_of(conn, str(grant.scope_id)) else None
    return ()


async def posts_of(conn: Connection, kind: PostKind) -> Posts:
    """Return all posts of a kind in every venue, as they are now."""
    return _posts(kind, tuple(await venue.venues(conn)))


async def posts_for(conn: Connection, kind: DeviceKind) -> Posts:
    """Return all posts of a kind of device."""
    return await posts_of(conn, post_kind(kind))


async def posts_within(conn: Connection, grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return the roles for venues as roles for each of their gates, gate groups and outlets."""
    of_venues = [grant for grant in grants if grant.scope == "venue"]
    if not of_venues:
        return ()
    known = {found.code: found for found in await venue.venues(conn)}
    return tuple(
        post
        for grant in of_venues
        if grant.scope_id in known
        for post in _grants_at(grant.role, known[str(grant.scope_id)])
    )


@lru_cache(maxsize=64)
def _posts(kind: PostKind, venues: tuple[Venue, ...]) -> Posts:
    groups: dict[str, str] = {}
    for found in venues:
        if kind is GATE:
            groups |= {gate.code: found.prefix + gate.group for gate in found.gates}
        else:
            groups |= {outlet.code: outlet.code for outlet in found.outlets}
    return Posts(kind, groups, {found.prefix: found.code for found in venues})


@lru_cache(maxsize=64)
def _grants_at(role: str, found: Venue) -> tuple[Grant, ...]:
    gates = dict.fromkeys(code for gate in found.gates for code in (gate.code, found.prefix + gate.group))
    return (
        *(Grant(role, "gate", code) for code in gates),
        *(Grant(role, "outlet", outlet.code) for outlet in found.outlets),
    )
