"""Rules for top-ups."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from virage.money.payments.types import Charge
from virage.money.wallet.funding.rules.auto_top_ups import Reason, Rule, RuleState
from virage.money.wallet.funding.store.queries import queries
from virage.platform.data.database import Connection

_STORED_REASONS: dict[str | None, str] = {Reason.WALLET_WOULD_EXCEED: "purse_would_exceed"}
"""Reasons that the database stores by another name."""
_REASONS = {stored: reason for reason, stored in _STORED_REASONS.items()}


def _rule(row: Mapping[str, Any]) -> Rule:
    reason = _REASONS.get(row["reason"], row["reason"])
    return Rule(**{**row, "state": RuleState(row["state"]), "reason": reason})


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
        wallet_ids=[rule.wallet_id for rule in rules],
        method_ids=[rule.method_id for rule in rules],
        belows=[rule.below_cents for rule in rules],
        adds=[rule.add_cents for rule in rules],
        day_maxes=[rule.day_max_cents for rule in rules],
        consents=[rule.consented_at for rule in rules],
        states=[rule.state for rule in rules],
        reasons=[_STORED_REASONS.get(rule.reason, rule.reason) for rule in rules],
        declines=[rule.declines for rule in rules],
        retries=[rule.retry_at for rule in rules],
        top_up_ids=[rule.top_up_id for rule in rules],
        days=[rule.day for rule in rules],
        day_cents=[rule.day_cents for rule in rules],
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


async def wallets_to_confirm(conn: Connection, before: datetime, wanted: int) -> list[UUID]:
    """Wallets whose owners did not confirm a charge before a time."""
    return [row["wallet_id"] async for row in queries.wallets_to_confirm(conn, before=before, wanted=wanted)]
