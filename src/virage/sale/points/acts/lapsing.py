"""Points lapse: people are told 30 days before, once, and then the oldest points go."""

from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from virage.platform.data.database import Connection
from virage.platform.values.ids import named_id
from virage.sale.points.acts.emails import tell_of_lapse
from virage.sale.points.acts.posting import post
from virage.sale.points.rules.earning import movement_id
from virage.sale.points.rules.lots import due_at, due_notices, open_lots
from virage.sale.points.rules.terms import Movement
from virage.sale.points.store import accounts as store
from virage.sale.points.store import programmes as programmes_store
from virage.sale.points.store.accounts import StoredNotice

AT_ONCE: Final = 500


async def organisers_that_lapse(conn: Connection) -> list[UUID]:
    """Return the organisers whose points lapse."""
    found = await programmes_store.programmes(conn, None)
    return [id_ for id_, one in found.items() if one.lapse_months is not None]


async def tell(conn: Connection, organiser_id: UUID, after: UUID, zone: ZoneInfo, now: datetime) -> UUID | None:
    """Tell a batch of people which points lapse; return the last account, None without any."""
    ids = await store.open_accounts_after(conn, organiser_id, after, AT_ONCE)
    accounts = await store.lock_accounts(conn, ids)
    months = (await programmes_store.programmes(conn, [organiser_id]))[organiser_id].lapse_months
    movements, told = await store.movements_of(conn, ids), await store.notices_of(conn, ids)
    notices = [
        StoredNotice(named_id(id_, f"lapses:{int(notice.lapses_at.timestamp())}"), id_, notice.lapses_at, notice.points)
        for id_, account in accounts.items()
        if account.closed_at is None
        for notice in due_notices(open_lots(movements[id_]), told[id_], months, zone, now)
    ]
    new = await store.insert_notices(conn, notices, now) if notices else set()
    await tell_of_lapse(conn, [notice for notice in notices if notice.id in new], accounts, now)
    return ids[-1] if ids else None


async def lapse(conn: Connection, zone: ZoneInfo, now: datetime) -> int:
    """Let the points of a batch of due notices lapse, never more than was told; return how many notices there were.

    Points that were spent, or that a changed programme lets live longer, do not lapse.
    """
    due = await store.due_notices(conn, now, AT_ONCE)
    if not due:
        return 0
    accounts = await store.lock_accounts(conn, [notice.account_id for notice in due])
    movements = await store.movements_of(conn, sorted(accounts))
    programmes = await programmes_store.programmes(conn, sorted({one.organiser_id for one in accounts.values()}))
    lapsed: list[Movement] = []
    for notice in due:
        account, found = accounts[notice.account_id], movements[notice.account_id]
        months = programmes[account.organiser_id].lapse_months
        points = min(notice.points, due_at(open_lots(found), months, zone, notice.lapses_at))
        if account.closed_at is None and points:
            movement = Movement(
                id=movement_id(account.id, f"lapsed:{notice.id}"),
                account_id=account.id,
                number=max(one.number for one in found) + 1,
                kind="lapsed",
                at=now,
                points=-points,
                source=notice.id,
            )
            lapsed.append(movement)
            found.append(movement)
    await post(conn, accounts, lapsed, None, now)
    await store.end_notices(conn, [notice.id for notice in due], now)
    return len(due)
