"""Proceeds of tickets that fans sold on the exchange go to their wallets, and back if their payment is disputed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.money.payments import api as payments
from virage.money.payments.types import Dispute
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding.acts.top_ups import open_top_ups
from virage.money.wallet.funding.rules import disputes as dispute_rules
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.rules.top_ups import TICKET_MONEY, Proceeds, Share
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

    The caller refunds the others: their wallet would exceed its limit, counting top-ups that may still be paid, an
    organiser's account holds the money, or the payment is disputed and the operator may lose its money. The money of
    credited ones stays where the payment was captured.
    """
    if not sold:
        return set()
    wallets = {
        owner: await accounts.ensure_wallet(conn, owner, now) for owner in sorted({one.owner_id for one in sold})
    }
    locked = await accounts.lock_wallets(conn, sorted(wallet.id for wallet in wallets.values()))
    made = await payments.payments(conn, sorted({one.payment_id for one in sold}))
    contested = dispute_rules.contested(await payments.disputes_of(conn, list(made)))
    coming = await open_top_ups(conn, sorted(locked), now)
    balances = await ledger.lock_accounts(conn, sorted(locked))
    will_hold = {id_: balances.get(id_, Balance()).balance_cents + coming[id_] for id_ in locked}
    credited: list[tuple[UUID, Proceeds]] = []
    for one in sold:
        wallet = locked[wallets[one.owner_id].id]
        fits = wallet.frozen_at is None and will_hold[wallet.id] + one.cents <= wallet_max_cents
        if fits and made[one.payment_id].account is None and one.payment_id not in contested:
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


async def take_back_proceeds(conn: Connection, disputes: Sequence[Dispute], now: datetime) -> None:
    """Take the proceeds of payments whose money is disputed back from wallets, in the caller's transaction.

    The bank takes the money of the payment, so that the operator would pay twice. A wallet gives what it still has; the
    rest (`missing_cents`) is stored for finance, which claims it, and stated in the fact `proceeds_taken_back`. A
    dispute takes back once.
    """
    held = await store.proceeds_of_payments(conn, [dispute.payment_id for dispute in disputes])
    if not held:
        return
    wallet_ids = sorted({one.wallet_id for one in held})
    await accounts.lock_wallets(conn, wallet_ids)
    taken_before = await ledger.transfers(
        conn, {dispute_rules.taking_id(dispute.id, wallet_id) for dispute in disputes for wallet_id in wallet_ids}
    )
    held = await store.proceeds_of_payments(conn, [dispute.payment_id for dispute in disputes])  # under the locks
    balances = await ledger.lock_accounts(conn, wallet_ids)
    available = {id_: balances.get(id_, Balance()).available_cents for id_ in wallet_ids}
    found = [
        one
        for one in dispute_rules.take_back(disputes, held, available)
        if dispute_rules.taking_id(one.dispute_id, one.wallet_id) not in taken_before
    ]
    moving = [one for one in found if one.cents]
    for one in moving:
        await store.pay_out_proceeds(conn, one.wallet_id, [Share(one.payment_id, one.cents, TICKET_MONEY)])
    for posted in await ledger.post(conn, [[dispute_rules.taking(one)] for one in moving], now):
        if isinstance(posted, Refused):
            raise RuntimeError(f"The proceeds of a disputed payment are not taken back: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    await store.insert_disputed_proceeds(conn, found, now)
    facts = [
        Fact(
            "proceeds_taken_back",
            None,
            one.payment_id,
            {
                "dispute": one.dispute_id,
                "purse": one.wallet_id,
                "cents": one.cents,
                "missing_cents": one.missing_cents,
            },
        )
        for one in found
    ]
    await append(conn, facts, now)


async def return_proceeds(conn: Connection, disputes: Sequence[Dispute], now: datetime) -> None:
    """Return what won disputes had taken from wallets, once, in the caller's transaction.

    It may exceed the limit of a wallet: the money was there before. A closed wallet is emptied by its job.
    """
    held = await store.proceeds_of_payments(conn, [dispute.payment_id for dispute in disputes])
    if not held:
        return
    wallet_ids = sorted({one.wallet_id for one in held})
    await accounts.lock_wallets(conn, wallet_ids)
    moved = await ledger.transfers(
        conn,
        {
            id_
            for dispute in disputes
            for wallet_id in wallet_ids
            for id_ in (
                dispute_rules.taking_id(dispute.id, wallet_id),
                dispute_rules.returning_id(dispute.id, wallet_id),
            )
        },
    )
    back = [
        (dispute, wallet_id, taken.cents)
        for dispute in disputes
        for wallet_id in wallet_ids
        if (taken := moved.get(dispute_rules.taking_id(dispute.id, wallet_id))) is not None
        and dispute_rules.returning_id(dispute.id, wallet_id) not in moved
    ]
    for dispute, wallet_id, cents in back:
        await store.return_proceeds(conn, wallet_id, dispute.payment_id, cents)
    for posted in await ledger.post(conn, [[dispute_rules.returning(*one)] for one in back], now):
        if isinstance(posted, Refused):
            raise RuntimeError(f"The proceeds of a won dispute are not returned: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    facts = [
        Fact("proceeds_returned", None, dispute.payment_id, {"dispute": dispute.id, "purse": wallet_id, "cents": cents})
        for dispute, wallet_id, cents in back
    ]
    await append(conn, facts, now)
