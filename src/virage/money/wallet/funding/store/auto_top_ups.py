"""Rules for top-ups."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from virage.money.payments.types import Charge
from virage.money.wallet.funding.rules.auto_top_ups import Rule, RuleState
from virage.money.wallet.funding.store.queries import queries
from virage.platform.data.database import Connection


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(**{**row, "state": RuleState(row["state"])})


async def _rules(rows: AsyncIterable[Mapping[str, Any]]) -> dict[UUID, Rule]:
    return {row["wallet_id"]: _rule(row) async for row in rows}


async def rule(conn: Connection, wallet_id: UUID) -> Rule | None:
    """The rule of a wallet."""
    row = await queries.auto_rule(conn, wallet_id=wallet_id)
    return None if row is None else _rule(row)


async def lock_rules(conn: Connection, wallet_ids: Sequence[UUID]) -> dict[UUID, Rule]:
    """Rules of wallets that are locked, locked too."""
    return await _rules(queries.lock_auto_rules(conn, wallet_ids=wallet_ids))


async def lock_rules_that_wait(conn: Connection, top_up_ids: Sequence[UUID]) -> dict[UUID, Rule]:
    """Rules that wait for these top-ups, locked."""
    return await _rules(queries.lock_rules_that_wait(conn, top_up_ids=top_up_ids))


async def put_rules(conn: Connection, rules: Sequence[Rule]) -> None:
    """Write rules as they stand now."""
    await queries.put_auto_rules(
        conn,
        wallet_ids=[one.wallet_id for one in rules],
        method_ids=[one.method_id for one in rules],
        belows=[one.below_cents for one in rules],
        adds=[one.add_cents for one in rules],
        day_maxes=[one.day_max_cents for one in rules],
        consents=[one.consented_at for one in rules],
        states=[one.state for one in rules],
        reasons=[one.reason for one in rules],
        declines=[one.declines for one in rules],
        retries=[one.retry_at for one in rules],
        top_up_ids=[one.top_up_id for one in rules],
        days=[one.day for one in rules],
        day_cents=[one.day_cents for one in rules],
    )


async def drop_rule(conn: Connection, wallet_id: UUID) -> None:
    """End a rule."""
    await queries.drop_auto_rule(conn, wallet_id=wallet_id)


async def wallets_below(conn: Connection, now: datetime, day: date, after: UUID, wanted: int) -> list[UUID]:
    """Wallets that hold less than their rule says, and that may be topped up now."""
    rows = queries.wallets_below(conn, now=now, day=day, after=after, wanted=wanted)
    return [row["wallet_id"] async for row in rows]


async def waiting_top_ups(conn: Connection) -> list[Charge]:
    """What rules wait for, as charges of their cards."""
    return [Charge(row["payment_id"], row["method_id"], row["cents"]) async for row in queries.waiting_top_ups(conn)]
