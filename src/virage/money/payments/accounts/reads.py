"""Reads of organisers' accounts for screens and other domains."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.money.payments.accounts import store
from virage.money.payments.accounts.rules import (
    DISCONNECTED,
    Account,
    AccountRefusal,
    AccountStanding,
    FeeRule,
    charge_on,
    is_settled,
    standing,
)
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.site.programme.api import organisers


class AccountView(Struct, frozen=True):
    """Account of an organiser. The balance in cents is None until it was read; `due_at` is when details are due."""

    ref: str | None
    standing: AccountStanding
    requirements: Sequence[str]
    due_at: datetime | None
    fee: FeeRule
    available_cents: int | None
    pending_cents: int | None
    negative_since: datetime | None
    read_at: datetime | None


class FormerAccount(Struct, frozen=True):
    """Account that was replaced, with what the provider last said of it, as in `AccountView`."""

    ref: str
    standing: AccountStanding
    replaced_at: datetime
    available_cents: int | None
    pending_cents: int | None
    negative_since: datetime | None


class OrganiserAccount(Struct, frozen=True):
    """Organiser with its account. Without one, its tickets are sold on the operator's account.

    `former` are the accounts that were replaced and whose balance is not settled, the latest first.
    """

    organiser_id: UUID
    organiser: str
    account: AccountView | None
    former: Sequence[FormerAccount]


def view(account: Account) -> AccountView:
    """Return an account for the office."""
    return AccountView(
        account.ref,
        standing(account),
        account.requirements,
        account.due_at,
        account.fee,
        account.available_cents,
        account.pending_cents,
        account.negative_since,
        account.read_at,
    )


async def organiser_accounts(conn: Connection) -> list[OrganiserAccount]:
    """Return all organisers with their accounts, by name."""
    known = {account.organiser_id: view(account) for account in await store.accounts(conn)}
    former: dict[UUID, list[FormerAccount]] = {}
    for account in await store.former_accounts(conn):
        if account.ref is not None and account.replaced_at is not None and not is_settled(account):
            former.setdefault(account.organiser_id, []).append(
                FormerAccount(
                    account.ref,
                    standing(account),
                    account.replaced_at,
                    account.available_cents,
                    account.pending_cents,
                    account.negative_since,
                )
            )
    listed = await organisers(conn)
    return [OrganiserAccount(one.id, one.name, known.get(one.id), former.get(one.id, [])) for one in listed]


async def account(conn: Connection, organiser_id: UUID) -> Account | Refused:
    """Return the account of an organiser. Refusal: not_found."""
    known = await store.accounts_of(conn, [organiser_id])
    return known.get(organiser_id) or Refused(AccountRefusal.NOT_FOUND)


async def may_sell(conn: Connection, organiser_id: UUID) -> bool:
    """Return whether tickets of an organiser can be paid: on the operator's account, or on one that may charge."""
    known = await store.accounts_of(conn, [organiser_id])
    return organiser_id not in known or not isinstance(charge_on(known[organiser_id], 0), Refused)


async def has_account(conn: Connection, organiser_id: UUID) -> bool:
    """Return whether an organiser has an account of its own; tickets of others are sold on the operator's."""
    return organiser_id in await store.accounts_of(conn, [organiser_id])


async def account_refs(conn: Connection) -> list[str]:
    """Return the provider's ids of all accounts, replaced ones too."""
    return [one.ref for one in await store.all_accounts(conn) if one.ref is not None]


async def refs_of(conn: Connection, organiser_id: UUID) -> list[str]:
    """Return the provider's ids of the accounts of an organiser, replaced ones too."""
    known = [one for one in await store.all_accounts(conn) if one.organiser_id == organiser_id]
    return [one.ref for one in known if one.ref is not None]


async def connected_refs(conn: Connection) -> list[str]:
    """Return the provider's ids of the accounts that are not disconnected, replaced ones too."""
    known = await store.all_accounts(conn)
    return [one.ref for one in known if one.ref is not None and one.disabled_reason != DISCONNECTED]


async def sellers(conn: Connection, refs: Sequence[str]) -> dict[str, str]:
    """Return the names of organisers by the provider's ids of their accounts."""
    known = await store.all_accounts(conn)
    owners = {one.ref: one.organiser_id for one in known if one.ref in refs}
    names = {one.id: one.name for one in await organisers(conn, sorted(owners.values()))}
    return {str(ref): names[organiser_id] for ref, organiser_id in owners.items()}
