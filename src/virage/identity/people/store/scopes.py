"""Scopes that enclose a grant's scope, and the posts of the venue."""

from uuid import UUID

from virage.identity.people.rules.devices import GATE, DeviceKind, PostKind, Posts, post_kind
from virage.identity.people.rules.grants import Within
from virage.platform.data.database import Connection
from virage.platform.web.guard import Grant
from virage.site.programme import api as programme
from virage.site.venue.types import load_venue


async def enclosing(conn: Connection, grant: Grant) -> Within | None:
    """The scopes around the grant's (an event lies within its organiser), or None if there is no such scope."""
    if grant.scope == "gate":
        return () if any(grant.scope_id in (gate.code, gate.group) for gate in load_venue().gates) else None
    if grant.scope == "outlet":
        return () if any(outlet.code == grant.scope_id for outlet in load_venue().outlets) else None
    if grant.scope == "event" and isinstance(grant.scope_id, UUID):
        event = await programme.event(conn, grant.scope_id)
        return None if event is None else (("organiser", event.organiser_id),)
    if grant.scope == "organiser" and isinstance(grant.scope_id, UUID):
        return () if await programme.organisers(conn, [grant.scope_id]) else None
    return ()


def posts_of(kind: PostKind) -> Posts:
    """Return all posts of a kind in the venue."""
    ground = load_venue()
    if kind is GATE:
        return Posts(kind, {gate.code: gate.group for gate in ground.gates})
    return Posts(kind, {outlet.code: outlet.code for outlet in ground.outlets})


def posts_for(kind: DeviceKind) -> Posts:
    """Return all posts of a kind of device."""
    return posts_of(post_kind(kind))
