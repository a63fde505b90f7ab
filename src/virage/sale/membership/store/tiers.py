"""Registers of organisers, and their tiers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.membership.rules.terms import Tier
from virage.sale.membership.store.queries import queries


class TierCounts(Struct, frozen=True):
    """Active memberships of a tier, those being paid, and the places that new members have."""

    active: int = 0
    paying: int = 0
    places: int = 0


def _tier(row: Mapping[str, Any]) -> Tier:
    return msgspec.convert(dict(row), Tier)


async def lock_registers(conn: Connection, organiser_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Lock the registers of organisers in order; return their last numbers."""
    rows = queries.lock_registers(conn, organiser_ids=sorted(set(organiser_ids)))
    return {row["organiser_id"]: row["last_number"] async for row in rows}


async def insert_register(conn: Connection, organiser_id: UUID) -> None:
    """Insert the register of an organiser, unless it has one."""
    await queries.insert_registers(conn, organiser_ids=[organiser_id])


async def put_last_numbers(conn: Connection, numbers: Mapping[UUID, int]) -> None:
    """Store the last numbers of locked registers."""
    await queries.put_last_numbers(conn, organiser_ids=list(numbers.keys()), numbers=list(numbers.values()))


async def put_tier(conn: Connection, tier: Tier, now: datetime) -> None:
    """Insert a tier, or replace its content and increase its revision."""
    columns = {name: getattr(tier, name) for name in Tier.__struct_fields__ if name != "revision"}
    await queries.put_tier(conn, **columns, now=now)


async def tiers(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Tier]:
    """Return tiers by id."""
    return {row["id"]: _tier(row) async for row in queries.tiers(conn, ids=ids)}


async def tiers_of(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[Tier]:
    """Return the tiers of organisers (None: all), the latest term first; at most 500."""
    rows = queries.tiers_of(conn, organiser_ids=organiser_ids or [], all_of_them=organiser_ids is None)
    return [_tier(row) async for row in rows]


async def open_tiers(conn: Connection, today: date) -> list[Tier]:
    """Return the tiers that are open for joining; at most 500."""
    return [_tier(row) async for row in queries.open_tiers(conn, today=today)]


async def counts(conn: Connection, tier_ids: Sequence[UUID], now: datetime) -> dict[UUID, TierCounts]:
    """Return the counts of tiers; those without memberships are missing."""
    rows = queries.counts(conn, tier_ids=tier_ids, now=now)
    return {row["tier_id"]: TierCounts(row["active"], row["paying"], row["places"]) async for row in rows}


async def tiers_with_memberships(conn: Connection, tier_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the tiers that have or had members, or that a person is paying for."""
    return {row["id"] async for row in queries.tiers_with_memberships(conn, tier_ids=tier_ids)}
