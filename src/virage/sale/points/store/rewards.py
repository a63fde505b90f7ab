"""Rewards, and the redeemed ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from virage.platform.data.database import Connection
from virage.sale.points.rules.handovers import Handover
from virage.sale.points.rules.terms import Redemption, RedemptionState, Reward, RewardContent
from virage.sale.points.store.queries import queries


def _reward(row: Mapping[str, Any]) -> Reward:
    return msgspec.convert(dict(row), Reward)


async def put_reward(
    conn: Connection, reward_id: UUID, organiser_id: UUID, content: RewardContent, now: datetime
) -> None:
    """Insert a reward, or replace the content of a locked one."""
    columns = {name: getattr(content, name) for name in RewardContent.__struct_fields__}
    await queries.put_reward(conn, id=reward_id, organiser_id=organiser_id, **columns, now=now)


async def reward(conn: Connection, reward_id: UUID) -> Reward | None:
    """Return a reward, or None."""
    row = await queries.reward(conn, id=reward_id)
    return None if row is None else _reward(row)


async def lock_reward(conn: Connection, reward_id: UUID) -> Reward | None:
    """Lock a reward."""
    row = await queries.lock_reward(conn, id=reward_id)
    return None if row is None else _reward(row)


async def rewards_of(conn: Connection, organiser_ids: Sequence[UUID]) -> list[Reward]:
    """Return the rewards of organisers, the cheapest first; at most 500."""
    return [_reward(row) async for row in queries.rewards_of(conn, organiser_ids=organiser_ids)]


async def count_taken(conn: Connection, reward_id: UUID, change: int) -> None:
    """Count one more (1) or one less (-1) of a locked reward."""
    await queries.count_taken(conn, id=reward_id, change=change)


async def count_redeemed(conn: Connection, account_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], int]:
    """Return how many of a reward an account has, by account and reward."""
    rows = queries.count_redeemed(conn, account_ids=account_ids)
    return {(row["account_id"], row["reward_id"]): row["redeemed"] async for row in rows}


async def count_open(conn: Connection, organiser_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many redeemed rewards wait for the office, by organiser."""
    return {row["organiser_id"]: row["waiting"] async for row in queries.count_open(conn, organiser_ids=organiser_ids)}


async def insert_redemption(conn: Connection, new: Redemption) -> bool:
    """Insert a redeemed reward with its text; return False if its id is taken."""
    inserted = await queries.insert_redemption(
        conn,
        id=new.id,
        account_id=new.account_id,
        reward_id=new.reward_id,
        name=new.name,
        price_points=new.price_points,
        state=new.state,
        code=new.code,
        by_bonus=new.by_bonus,
        now=new.redeemed_at,
    )
    if inserted is not None and new.text is not None:
        await queries.insert_text(conn, redemption_id=new.id, text=new.text)
    return inserted is not None


async def set_state(
    conn: Connection, redemption_id: UUID, state: RedemptionState, reason: str | None, now: datetime
) -> None:
    """Store what the office did with a redeemed reward whose account is locked."""
    await queries.set_state(conn, id=redemption_id, state=state, reason=reason, now=now)


async def redemption_of_code(conn: Connection, code: str) -> UUID | None:
    """Return the redeemed reward with a code, or None."""
    found: UUID | None = await queries.redemption_of_code(conn, code=code)
    return found


async def handover_id(conn: Connection, redemption_id: UUID) -> UUID | None:
    """Return the request of a till that handed a reward over, None without one."""
    found: UUID | None = await queries.handover_id(conn, id=redemption_id)
    return found


async def hand_over(conn: Connection, redemption_id: UUID, handover: Handover, till_id: UUID, now: datetime) -> None:
    """Store that a till hands over a redeemed reward whose account is locked."""
    await queries.hand_over(
        conn, id=redemption_id, handover_id=handover.id, till_id=till_id, cashier_id=handover.cashier_id, now=now
    )


async def redemptions(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Redemption]:
    """Return redeemed rewards by id."""
    return {row["id"]: Redemption(**row) async for row in queries.redemptions(conn, ids=ids)}


async def redemptions_of(conn: Connection, account_ids: Sequence[UUID]) -> list[Redemption]:
    """Return redeemed rewards of accounts, the latest first."""
    return [Redemption(**row) async for row in queries.redemptions_of(conn, account_ids=account_ids)]


async def redemptions_at(
    conn: Connection, organiser_id: UUID, states: Sequence[RedemptionState], most: int
) -> list[Redemption]:
    """Return redeemed rewards of an organiser in some states, the latest first."""
    rows = queries.redemptions_at(conn, organiser_id=organiser_id, states=states, most=most)
    return [Redemption(**row) async for row in rows]


async def redemptions_waiting(conn: Connection, organiser_id: UUID, after: UUID | None, most: int) -> list[Redemption]:
    """Return redeemed rewards of an organiser that wait for the office, the oldest first, after one of them."""
    rows = queries.redemptions_waiting(conn, organiser_id=organiser_id, after=after, most=most)
    return [Redemption(**row) async for row in rows]
