"""Tiers and memberships for fans, and what is stored about a person."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.days import local_day
from virage.platform.values.localised import LocalisedText
from virage.sale.membership.rules.terms import MembershipRow, MembershipState
from virage.sale.membership.rules.upgrading import Upgrade, upgrades_of
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store
from virage.sale.membership.store.tiers import TierCounts
from virage.site.programme import api as programme


class PublicTier(Struct, frozen=True):
    """A tier that is open for joining. The price is for the term and includes VAT.

    `places_left` are those for new members; None is no limit.
    """

    id: UUID
    organiser_id: UUID
    organiser: str
    name: LocalisedText
    price_cents: int
    vat_permille: int
    starts_on: date
    ends_on: date
    window_tickets: int
    places_left: int | None


class MembershipView(Struct, frozen=True):
    """A membership for its member. `number` is None until the first one begins.

    `over`: its term has ended. `upgraded`: another one replaced it. `price_cents` of one that replaced another is what
    the upgrade cost; `replaces_id` is that other one. `upgrades` are the higher tiers that it can be changed to today.
    """

    id: UUID
    tier_id: UUID
    organiser_id: UUID
    organiser: str
    tier: LocalisedText
    number: int | None
    state: MembershipState | Literal["over", "upgraded"]
    price_cents: int
    refunded_cents: int
    returned_cents: int
    starts_on: date
    ends_on: date
    pays_until: datetime | None
    began_at: datetime | None
    replaces_id: UUID | None
    upgrades: list[Upgrade]


async def open_tiers(conn: Connection, zone: ZoneInfo, now: datetime) -> list[PublicTier]:
    """Return the tiers that are open for joining, by organiser, term and rank."""
    found = await tiers_store.open_tiers(conn, local_day(now, zone))
    counts = await tiers_store.counts(conn, [tier.id for tier in found if tier.new_members_max is not None], now)
    names = {one.id: one.name for one in await programme.organisers(conn, sorted({one.organiser_id for one in found}))}
    return [
        PublicTier(
            id=tier.id,
            organiser_id=tier.organiser_id,
            organiser=names.get(tier.organiser_id, ""),
            name=tier.name,
            price_cents=tier.price_cents,
            vat_permille=tier.vat_permille,
            starts_on=tier.starts_on,
            ends_on=tier.ends_on,
            window_tickets=tier.window_tickets,
            places_left=None
            if tier.new_members_max is None
            else max(0, tier.new_members_max - counts.get(tier.id, TierCounts()).places),
        )
        for tier in found
    ]


async def memberships_of(conn: Connection, person_id: UUID, zone: ZoneInfo, now: datetime) -> list[MembershipView]:
    """Return the memberships of a person, the latest term first."""
    members = await store.members_of_person(conn, person_id)
    rows = await store.memberships_of(conn, [member.id for member in members])
    return await views(conn, rows, zone, now)


async def views(conn: Connection, rows: Sequence[MembershipRow], zone: ZoneInfo, now: datetime) -> list[MembershipView]:
    """Return memberships as their members see them, the latest term first."""
    tiers = await tiers_store.tiers(conn, sorted({row.tier_id for row in rows}))
    names = {one.id: one.name for one in await programme.organisers(conn, sorted({one.organiser_id for one in rows}))}
    today = local_day(now, zone)
    higher = await tiers_store.open_tiers(conn, today) if any(row.state == "active" for row in rows) else []
    upgraded = {row.upgrades_id for row in rows if row.began_at is not None}
    return [
        MembershipView(
            id=row.id,
            tier_id=row.tier_id,
            organiser_id=row.organiser_id,
            organiser=names.get(row.organiser_id, ""),
            tier=tiers[row.tier_id].name,
            number=row.number,
            state="upgraded" if row.id in upgraded else _state(row, today, now),
            price_cents=row.price_cents,
            refunded_cents=row.refunded_cents,
            returned_cents=row.returned_cents,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            pays_until=row.pays_until if row.state == "paying" else None,
            began_at=row.began_at,
            replaces_id=row.upgrades_id,
            upgrades=upgrades_of(row, tiers[row.tier_id], higher, today),
        )
        for row in sorted(rows, key=lambda row: (row.ends_on, row.asked_at), reverse=True)
    ]


def _state(row: MembershipRow, today: date, now: datetime) -> MembershipState | Literal["over"]:
    if row.state == "active" and row.ends_on < today:
        return "over"
    return "failed" if row.state == "paying" and not row.occupies(now) else row.state


class ExportedMembership(Struct, frozen=True):
    """A membership in its member's data. `cancel_reason` is what the office wrote."""

    id: UUID
    organiser_id: UUID
    tier: LocalisedText
    number: int | None
    state: MembershipState
    price_cents: int
    starts_on: date
    ends_on: date
    asked_at: datetime
    began_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    refunded_cents: int
    is_imported: bool


async def export(conn: Connection, person_id: UUID) -> list[ExportedMembership]:
    """Return all personal data that membership stores about a person."""
    members = await store.members_of_person(conn, person_id)
    rows = await store.memberships_of(conn, [member.id for member in members])
    tiers = await tiers_store.tiers(conn, sorted({row.tier_id for row in rows}))
    reasons = await store.reasons(conn, [row.id for row in rows])
    return [
        ExportedMembership(
            id=row.id,
            organiser_id=row.organiser_id,
            tier=tiers[row.tier_id].name,
            number=row.number,
            state=row.state,
            price_cents=row.price_cents,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            asked_at=row.asked_at,
            began_at=row.began_at,
            cancelled_at=row.cancelled_at,
            cancel_reason=reasons.get(row.id),
            refunded_cents=row.refunded_cents,
            is_imported=row.is_imported,
        )
        for row in sorted(rows, key=lambda row: row.asked_at)
    ]
