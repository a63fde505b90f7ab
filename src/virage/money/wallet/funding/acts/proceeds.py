"""Proceeds of tickets that fans sold on the exchange go to their wallets, within the limit of a wallet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.money.payments import api as payments
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding.acts.top_ups import open_top_ups
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.rules.top_ups import Proceeds
from virage.money.wallet.funding.store import proceeds as store
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Balance
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused


async def credit_proceeds(
    conn: Connection, sold: Sequence[Proceeds], *, wallet_max_cents: Cents, now: datetime
) -> set[UUID]:
    """Credit proceeds to the wallets of their owners, in the caller's transaction; return the ids of those credited.

    The caller refunds the others: their wallet would exceed its limit, counting top-ups that may still be paid, or an
    organiser's account holds the money. The money of credited ones stays where the payment was captured.
    """
    if not sold:
        return set()
    wallets = {
        owner: await accounts.ensure_wallet(conn, owner, now) for owner in sorted({one.owner_id for one in sold})
    }
    locked = await accounts.lock_wallets(conn, sorted(wallet.id for wallet in wallets.values()))
    made = await payments.payments(conn, sorted({one.payment_id for one in sold}))
    coming = await open_top_ups(conn, sorted(locked), now)
    balances = await ledger.lock_accounts(conn, sorted(locked))
    will_hold = {id_: balances.get(id_, Balance()).balance_cents + coming[id_] for id_ in locked}
    credited: list[tuple[UUID, Proceeds]] = []
    for one in sold:
        wallet = locked[wallets[one.owner_id].id]
        fits = wallet.frozen_at is None and will_hold[wallet.id] + one.cents <= wallet_max_cents
        if fits and made[one.payment_id].account is None:
            will_hold[wallet.id] += one.cents
            credited.append((wallet.id, one))
    await store.put_proceeds(conn, credited, now)
    for posted in await ledger.post(conn, [[rules.credit_of_sale(*one)] for one in credited], now):
        if isinstance(posted, Refused):
            raise RuntimeError(f"The proceeds of sold tickets are not credited: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    facts = [
        Fact("proceeds_credited", None, one.id, {"purse": wallet_id, "cents": one.cents}) for wallet_id, one in credited
    ]
    await append(conn, facts, now)
    return {one.id for _, one in credited}
