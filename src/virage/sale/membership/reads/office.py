"""Tiers and members for the office."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.sale.membership.reads.members import MembershipView, views
from virage.sale.membership.rules.terms import Tier
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store
from virage.sale.membership.store.tiers import TierCounts

MEMBERS_MAX = 100
FOUND_MAX = 200


class OfficeTier(Struct, frozen=True):
    """A tier with its counts. The term of one that has or had members is fixed."""

    tier: Tier
    counts: TierCounts
    term_is_fixed: bool


class OfficeMember(Struct, frozen=True):
    """A member for the office. `has_account` is false until an imported member has signed in."""

    id: UUID
    number: int
    name: str | None
    email: str | None
    has_account: bool
    is_erased: bool
    memberships: list[MembershipView]


class OfficeMembers(Struct, frozen=True):
    """Members by number, at most 100; `more` continues after the last one."""

    members: list[OfficeMember]
    more: bool


async def office_tiers(conn: Connection, organiser_ids: Sequence[UUID] | None, now: datetime) -> list[OfficeTier]:
    """Return the tiers of organisers (None: all) with their counts, the latest term first."""
    tiers = await tiers_store.tiers_of(conn, organiser_ids)
    ids = [tier.id for tier in tiers]
    counts, fixed = await tiers_store.counts(conn, ids, now), await tiers_store.tiers_with_memberships(conn, ids)
    return [OfficeTier(tier, counts.get(tier.id, TierCounts()), tier.id in fixed) for tier in tiers]


async def office_members(
    conn: Connection,
    organiser_id: UUID,
    wanted: str,
    tier_id: UUID | None,
    *,
    after: int,
    zone: ZoneInfo,
    now: datetime,
) -> OfficeMembers:
    """Return the members of an organiser by number, after a number.

    `wanted` is a number, an address or its beginning, or a part of a name; an empty one means all.
    """
    text = wanted.strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None  # noqa: PLR2004 - digits of the highest number
    by_person = text and number is None
    person_ids = [person.id for person in await people.search(conn, text, FOUND_MAX)] if by_person else None
    found = await store.list_members(
        conn,
        organiser_id,
        tier_id,
        number,
        person_ids,
        text.lower() if by_person else None,
        after=after,
        most=MEMBERS_MAX + 1,
    )
    shown = found[:MEMBERS_MAX]
    persons = await people.persons_by_id(conn, [one.person_id for one in shown if one.person_id is not None])
    rows = await store.memberships_of(conn, [one.id for one in shown])
    by_id = {view.id: view for view in await views(conn, rows, zone, now)}
    members = []
    for one in shown:
        person = None if one.person_id is None else persons.get(one.person_id)
        own = [by_id[row.id] for row in rows if row.member_id == one.id and row.began_at is not None]
        members.append(
            OfficeMember(
                id=one.id,
                number=one.number,
                name=None if person is None else person.name,
                email=one.email if person is None else person.email,
                has_account=person is not None,
                is_erased=one.is_erased,
                memberships=sorted(own, key=lambda view: view.ends_on, reverse=True),
            )
        )
    return OfficeMembers(members, len(found) > MEMBERS_MAX)
