"""Plans of subscriptions and their instalments. Instalments change under the lock of their plan."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.packages.rules.terms import InstalmentRow, InstalmentState, Plan, SubscriptionRow
from virage.sale.packages.store.packages import subscription_row
from virage.sale.packages.store.queries import queries


def _instalment(row: Any) -> InstalmentRow:
    return InstalmentRow(*row)


async def lock_plans(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Plan]:
    """Return plans by id, locked in order."""
    return {row["id"]: Plan(*row) async for row in queries.lock_plans(conn, ids=sorted(ids))}


async def plans(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Plan]:
    """Return plans by id; unknown ids are left out."""
    return {row["id"]: Plan(*row) async for row in queries.plans(conn, ids=list(ids))}


async def put_plan(conn: Connection, plan: Plan) -> None:
    """Insert a plan, or replace a locked one."""
    await queries.put_plan(conn, id=plan.id, method_id=plan.method_id, terms=plan.terms, now=plan.agreed_at)


async def set_card(conn: Connection, plan_id: UUID, method_id: UUID) -> None:
    """Store the card of a locked plan."""
    await queries.set_card(conn, id=plan_id, method_id=method_id)


async def next_cards(conn: Connection, plan_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the cards that are to replace those of plans, by plan."""
    return {row["plan_id"]: row["method_id"] async for row in queries.next_cards(conn, plan_ids=list(plan_ids))}


async def put_next_card(conn: Connection, plan_id: UUID, method_id: UUID) -> None:
    """Store the card that is to replace that of a locked plan."""
    await queries.put_next_card(conn, plan_id=plan_id, method_id=method_id)


async def drop_next_cards(conn: Connection, plan_ids: Collection[UUID]) -> None:
    """Delete the next cards of locked plans: they were saved, or failed."""
    await queries.drop_next_cards(conn, plan_ids=list(plan_ids))


async def plans_with_next_cards(conn: Connection, after: UUID, wanted: int) -> list[UUID]:
    """Return the plans after `after` whose card is to be replaced, in order."""
    return [row["plan_id"] async for row in queries.plans_with_next_cards(conn, after=after, wanted=wanted)]


async def drop_instalments(conn: Connection, plan_id: UUID) -> None:
    """Delete the instalments of a locked plan."""
    await queries.drop_instalments(conn, plan_id=plan_id)


async def insert_instalments(conn: Connection, plan_id: UUID, rows: Sequence[InstalmentRow]) -> None:
    """Insert the instalments of a locked plan."""
    await queries.insert_instalments(
        conn,
        plan_id=plan_id,
        ids=[row.id for row in rows],
        numbers=[row.number for row in rows],
        due_ats=[row.due_at for row in rows],
        untils=[row.until for row in rows],
        states=[row.state for row in rows],
        payment_ids=[row.payment_id for row in rows],
    )


async def instalments_of(conn: Connection, plan_ids: Collection[UUID]) -> dict[UUID, list[InstalmentRow]]:
    """Return the instalments of plans in order, by plan."""
    found: dict[UUID, list[InstalmentRow]] = {}
    async for row in queries.instalments_of(conn, plan_ids=list(plan_ids)):
        found.setdefault(row["plan_id"], []).append(_instalment(row))
    return found


async def instalments(conn: Connection, ids: Collection[UUID]) -> list[InstalmentRow]:
    """Return instalments by id, in order; unknown ids are left out."""
    return [_instalment(row) async for row in queries.instalments(conn, ids=list(ids))]


async def instalments_in(
    conn: Connection, states: Sequence[InstalmentState], after: UUID, wanted: int
) -> list[InstalmentRow]:
    """Return instalments in some states in the order of their ids, from the one after `after`."""
    rows = queries.instalments_in(conn, states=list(states), after=after, wanted=wanted)
    return [_instalment(row) async for row in rows]


async def instalments_due(conn: Connection, now: datetime, wanted: int) -> list[InstalmentRow]:
    """Return open instalments to charge now, the longest waiting first."""
    return [_instalment(row) async for row in queries.instalments_due(conn, now=now, wanted=wanted)]


async def plans_begun(conn: Connection, now: datetime, wanted: int) -> list[UUID]:
    """Return plans whose first instalment is paid while the others still wait for it."""
    return [row["plan_id"] async for row in queries.plans_begun(conn, now=now, wanted=wanted)]


async def open_instalments(conn: Connection, plan_ids: Sequence[UUID]) -> None:
    """Open the later instalments of locked plans."""
    await queries.open_instalments(conn, plan_ids=plan_ids)


async def change_instalment(conn: Connection, row: InstalmentRow) -> None:
    """Store the state of an instalment of a locked plan."""
    await queries.change_instalment(
        conn,
        id=row.id,
        state=row.state,
        next_at=row.next_at,
        payment_id=row.payment_id,
        declined=row.declined,
        reason=row.reason,
    )


async def instalments_to_remind(conn: Connection, before: datetime, wanted: int) -> list[InstalmentRow]:
    """Return open instalments that are due before a time, without a reminder yet."""
    return [_instalment(row) async for row in queries.instalments_to_remind(conn, before=before, wanted=wanted)]


async def set_instalments_reminded(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Store that the buyers of instalments of locked plans are reminded."""
    await queries.set_instalments_reminded(conn, ids=ids, now=now)


async def cards_of(conn: Connection, person_id: UUID) -> list[UUID]:
    """Return the saved cards of a person's plans."""
    return [row["method_id"] async for row in queries.cards_of(conn, person_id=person_id)]


async def unpaid_subscriptions(
    conn: Connection, package_id: UUID, after: UUID, now: datetime, wanted: int
) -> list[SubscriptionRow]:
    """Return the subscriptions to a package with an unpaid instalment, in order, from the one after `after`."""
    rows = queries.unpaid_subscriptions(conn, package_id=package_id, after=after, now=now, wanted=wanted)
    return [subscription_row(row) async for row in rows]


async def instalment_counts(
    conn: Connection, package_ids: Sequence[UUID], now: datetime
) -> dict[UUID, tuple[int, int]]:
    """Return (planned, to pay by their buyers) by package; packages without instalments are missing."""
    rows = queries.instalment_counts(conn, package_ids=package_ids, now=now)
    return {row["package_id"]: (row["planned"], row["to_pay"]) async for row in rows}
