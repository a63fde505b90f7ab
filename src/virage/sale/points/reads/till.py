"""Redeemed rewards at tills."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.sale.points.rules.terms import Redemption, RedemptionState, RewardKind
from virage.sale.points.store import rewards as store
from virage.site.programme import api as programme


class RewardAtTill(Struct, frozen=True):
    """A redeemed reward for a cashier, without its person. `state_at` says since when it is in its state.

    `by_bonus`: it is in the wallet of its person, and there is nothing to hand over.
    """

    id: UUID
    organiser: str
    name: LocalisedText
    kind: RewardKind
    voucher_cents: Cents | None
    state: RedemptionState
    state_at: datetime
    by_bonus: bool


async def reward_at_till(conn: Connection, code: str) -> RewardAtTill | None:
    """Return the redeemed reward with a code, or None."""
    redemption_id = await store.redemption_of_code(conn, code)
    if redemption_id is None:
        return None
    return await shown_at_till(conn, (await store.redemptions(conn, [redemption_id]))[redemption_id])


async def shown_at_till(conn: Connection, redemption: Redemption) -> RewardAtTill:
    """Return a redeemed reward as a till shows it."""
    reward = await store.reward(conn, redemption.reward_id)
    organisers = await programme.organisers(conn, [redemption.organiser_id])
    return RewardAtTill(
        id=redemption.id,
        organiser=next((one.name for one in organisers), ""),
        name=redemption.name,
        kind=redemption.kind,
        voucher_cents=None if reward is None else reward.voucher_cents,
        state=redemption.state,
        state_at=redemption.state_at,
        by_bonus=redemption.by_bonus,
    )
