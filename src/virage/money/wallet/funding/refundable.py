"""Where the money of a wallet can go back to, as a payout and the page of the wallet compute it."""

from uuid import UUID

from virage.money.payments import api as payments
from virage.money.wallet.funding.rules import top_ups as rules
from virage.money.wallet.funding.rules.disputes import disputed
from virage.money.wallet.funding.rules.top_ups import Paid
from virage.money.wallet.funding.store import top_ups as store
from virage.money.wallet.funding.store.proceeds import proceeds_of_wallet
from virage.platform.data.database import Connection


async def refundable(conn: Connection, wallet_id: UUID) -> list[Paid]:
    """Return the payments that money of a wallet may go back to, with what each may get, in order."""
    top_ups, left = await store.top_ups_of_wallet(conn, wallet_id), await proceeds_of_wallet(conn, wallet_id)
    made = await payments.payments(conn, [*(one.payment_id for one in top_ups), *left])
    kept = disputed(await payments.disputes_of(conn, list(made)))
    return rules.paid(top_ups, made, kept) + rules.paid_by_sales(left, made, kept)
