"""Joining and leaving a programme, and the erasure of a person."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.points.acts.posting import post
from virage.sale.points.rules.earning import TIER_OF, movement_id
from virage.sale.points.rules.terms import Account, Movement, PointsRefusal
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store


async def join(
    conn: Connection, account_id: UUID, organiser_id: UUID, person_id: UUID, now: datetime
) -> Account | Refused:
    """Let a person take part in the points of an organiser. The client makes `account_id`.

    Who takes part already keeps their account. Refusals: `unauthenticated`, `not_found`, `points_closed`, `id_reused`.
    """
    if await people.lock_person(conn, person_id) is None:  # who is erased meanwhile joins nothing
        return Refused("unauthenticated")
    found = (await programmes_store.programmes(conn, [organiser_id])).get(organiser_id)
    if found is None:
        return Refused(PointsRefusal.NOT_FOUND)
    mine = (await store.open_accounts_of(conn, organiser_id, [person_id])).get(person_id)
    if mine is not None:
        return mine
    if not found.is_open:
        return Refused(PointsRefusal.CLOSED)
    if await store.accounts(conn, [account_id]):
        return Refused(PointsRefusal.ID_REUSED)
    new = Account(account_id, organiser_id, person_id, now, None)
    await store.insert_account(conn, new)
    await append(conn, [Fact("points_joined", person_id, account_id, {"organiser": organiser_id})], now)
    return new


async def leave(conn: Connection, account_id: UUID, person_id: UUID, now: datetime) -> Refused | None:
    """Close a person's account: their points lapse at once. A repetition changes nothing. Refusal: `not_found`."""
    account = (await store.lock_accounts(conn, [account_id])).get(account_id)
    if account is None or account.person_id != person_id:
        return Refused(PointsRefusal.NOT_FOUND)
    if account.closed_at is None:
        await store.close_accounts(conn, [account_id], now)
        await append(conn, [Fact("points_left", person_id, account_id)], now)
        await empty(conn, [account_id], now)
    return None


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Close the accounts of an erased person, and delete what was written by and about them.

    A job lets their points lapse: the accounts of the ledger are locked after the rows of the domains between.
    """
    ids = [account.id for account in await store.accounts_of_person(conn, person_id)]
    if ids:
        await store.lock_accounts(conn, ids)
        await store.close_accounts(conn, ids, now)
        await store.forget_person(conn, ids)
        await append(conn, [Fact("points_left", person_id, id_) for id_ in ids], now)
    return None


async def empty_closed(conn: Connection, now: datetime, most: int) -> int:
    """Let the points of closed accounts lapse; return how many accounts there were."""
    ids = await store.accounts_to_empty(conn, most)
    await empty(conn, ids, now)
    return len(ids)


async def empty(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Let the points of closed accounts lapse."""
    accounts = await store.lock_accounts(conn, ids)
    stands = await store.stands(conn, ids, now - TIER_OF)
    left = [
        Movement(
            id=movement_id(id_, "closed"),
            account_id=id_,
            number=stand.last_number + 1,
            kind="lapsed",
            at=now,
            points=-stand.balance,
            source=id_,
        )
        for id_, stand in stands.items()
        if stand.balance
    ]
    await post(conn, accounts, left, None, now)
    await store.mark_emptied(conn, ids, now)
