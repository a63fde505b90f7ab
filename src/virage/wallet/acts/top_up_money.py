"""What the money of top-ups does once it has come, or does not come."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.kernel.database import Connection
from virage.kernel.ids import new_id
from virage.kernel.journal import Fact, append
from virage.kernel.problems import Refused
from virage.payments import acts as payments
from virage.payments.rules import Captured, Failed, RefundRequest
from virage.wallet.acts import auto_top_ups, ledger
from virage.wallet.rules import purses as rules
from virage.wallet.store import purses as store


class TopUpMoney:
    """What a payment of a top-up causes, in the payment's own transaction."""

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Nothing: a top-up that failed moves nothing, so there is no order to keep."""

    async def captured(self, conn: Connection, payments_: Sequence[Captured], now: datetime) -> None:
        """Credit each purse, once a payment; money for a purse that is frozen goes back whole."""
        top_ups = await store.top_ups(conn, [payment.subject for payment in payments_])
        purses = await store.lock_purses(conn, sorted({top_up.purse_id for top_up in top_ups.values()}))
        back = [one for one in payments_ if purses[top_ups[one.subject].purse_id].frozen_at is not None]
        kept = [one for one in payments_ if one not in back]
        entries = [
            [rules.credit(top_ups[one.subject].purse_id, one.subject, one.payment_id, one.amount_cents)] for one in kept
        ]
        for posted in await ledger.post(conn, entries, now):
            if isinstance(posted, Refused):
                raise RuntimeError(f"Money that came is not credited: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
        requests = [RefundRequest(new_id(), one.payment_id, one.amount_cents) for one in back]
        await payments.request_refund(conn, requests, now)
        await auto_top_ups.credited(conn, [one.subject for one in kept])
        facts = [Fact("top_up_credited", None, one.subject, {"payment": one.payment_id}) for one in kept]
        facts += [Fact("top_up_returned", None, one.subject, {"payment": one.payment_id}) for one in back]
        await append(conn, facts, now)

    async def failed(self, conn: Connection, payments_: Sequence[Failed], now: datetime) -> None:
        """Nothing was credited, so nothing is taken back; another try is another top-up. A rule that asked is told."""
        await auto_top_ups.failed(conn, payments_, now)
