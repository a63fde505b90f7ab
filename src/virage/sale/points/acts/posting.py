"""Post movements: in the ledger, in the history of the account, and in the journal."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.ledger import api as ledger
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.points.rules.earning import transfer_of
from virage.sale.points.rules.terms import Account, Movement
from virage.sale.points.store import accounts as store


async def post(
    conn: Connection, accounts: Mapping[UUID, Account], movements: Sequence[Movement], who: UUID | None, now: datetime
) -> None:
    """Post movements of locked accounts, which have the points; `accounts` are theirs by id."""
    if not movements:
        return
    entries = [[transfer_of(one, accounts[one.account_id].organiser_id)] for one in movements if one.points]
    for posted in await ledger.post(conn, entries, now) if entries else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"Points do not move: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    await store.insert_movements(conn, movements)
    facts = [
        Fact("points_moved", who, one.account_id, {"kind": one.kind, "points": one.points, "source": one.source})
        for one in movements
    ]
    await append(conn, facts, now)
