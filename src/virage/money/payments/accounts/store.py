"""Queries of organisers' accounts, one typed function each."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from virage.money.payments.accounts.rules import Account, FeeRule
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


def _account(row: Mapping[str, Any]) -> Account:
    fee = FeeRule(row["fee_permille"], row["fee_cents"], row["returns_fee"])
    return replace(_reported(row), fee=fee)


def _former(row: Mapping[str, Any]) -> Account:
    return replace(_reported(row), replaced_at=row["replaced_at"])


def _reported(row: Mapping[str, Any]) -> Account:
    return Account(
        organiser_id=row["organiser_id"],
        ref=row["ref"],
        begun_at=row["begun_at"],
        may_charge=row["may_charge"],
        may_pay_out=row["may_pay_out"],
        requirements=tuple(row["requirements"]),
        due_at=row["due_at"],
        disabled_reason=row["disabled_reason"],
        read_at=row["read_at"],
        available_cents=row["available_cents"],
        pending_cents=row["pending_cents"],
        negative_since=row["negative_since"],
    )


async def insert_account(conn: Connection, organiser_id: UUID, who: UUID, now: datetime) -> bool:
    """Store the account of an organiser; return whether it is new."""
    return bool(await _sql.insert_account(conn, organiser_id=organiser_id, who=who, now=now))


async def renew_request(conn: Connection, account: Account, now: datetime) -> None:
    """Store that the next request to create an account is a new one, unless it exists or was renewed since."""
    await _sql.renew_request(conn, organiser_id=account.organiser_id, begun_at=account.begun_at, now=now)


async def accounts(conn: Connection) -> list[Account]:
    """Return all accounts that organisers sell on, the earliest first."""
    return [_account(row) async for row in _sql.accounts(conn)]


async def former_accounts(conn: Connection) -> list[Account]:
    """Return all accounts that were replaced, the latest first."""
    return [_former(row) async for row in _sql.former_accounts(conn)]


async def all_accounts(conn: Connection) -> list[Account]:
    """Return all accounts that organisers sell on or sold on."""
    return [*await accounts(conn), *await former_accounts(conn)]


async def accounts_of(conn: Connection, organiser_ids: Sequence[UUID]) -> dict[UUID, Account]:
    """Return the accounts of some organisers, by organiser."""
    return {row["organiser_id"]: _account(row) async for row in _sql.accounts_of(conn, organiser_ids=organiser_ids)}


async def lock_accounts(
    conn: Connection, organiser_ids: Sequence[UUID] = (), refs: Sequence[str] = ()
) -> list[Account]:
    """Return accounts by organiser or by the provider's id, locked in the order of their organisers."""
    rows = _sql.lock_accounts(conn, organiser_ids=list(organiser_ids), refs=list(refs))
    return [_account(row) async for row in rows]


async def lock_former_accounts(conn: Connection, refs: Sequence[str]) -> list[Account]:
    """Return accounts that were replaced by the provider's id, locked in the order of their ids."""
    return [_former(row) async for row in _sql.lock_former_accounts(conn, refs=list(refs))]


async def replace_account(conn: Connection, account: Account, who: UUID, now: datetime) -> None:
    """Store a locked account as a replaced one, and a new one of its organiser."""
    await _sql.replace_account(conn, organiser_id=account.organiser_id, ref=account.ref, who=who, now=now)


async def name_account(conn: Connection, account: Account, ref: str) -> None:
    """Store the provider's id of a locked account that has none, unless another one has begun since."""
    await _sql.name_account(conn, organiser_id=account.organiser_id, begun_at=account.begun_at, ref=ref)


async def put_fee(conn: Connection, organiser_id: UUID, fee: FeeRule) -> None:
    """Store the fee rule of a locked account."""
    await _sql.put_fee(
        conn, organiser_id=organiser_id, permille=fee.permille, cents=fee.cents, is_returned=fee.is_returned
    )


async def put_report(conn: Connection, account: Account, now: datetime) -> None:
    """Store what the provider says of a locked account."""
    if account.replaced_at is None:
        put = partial(_sql.put_report, organiser_id=account.organiser_id)
    else:
        put = partial(_sql.put_former_report, ref=account.ref)
    await put(
        conn,
        may_charge=account.may_charge,
        may_pay_out=account.may_pay_out,
        requirements=list(account.requirements),
        due_at=account.due_at,
        disabled_reason=account.disabled_reason,
        available_cents=account.available_cents,
        pending_cents=account.pending_cents,
        negative_since=account.negative_since,
        now=now,
    )
