"""What people spent at tills, for points."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.api import Catalogues
from virage.matchday.food.till.rules.booking import RecordKey, key_of, sale_of
from virage.matchday.food.till.rules.spent import left_to_earn
from virage.matchday.food.till.store import booking as store
from virage.money.fiscal.types import Record
from virage.money.wallet.accounts import api as wallets
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class TillSpent(Struct, frozen=True):
    """What is left of a person's share of a sale during an event, after refunds.

    `id` is made of the sale and the wallet, because several wallets may pay one sale. `person_id` is None for the
    wallet of a card that is linked to no person. `paid_at` is by the clock of the till.
    """

    id: UUID
    person_id: UUID | None
    event_id: UUID
    paid_at: datetime
    cents: Cents


class TillSpends:
    """What people spent at tills."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues

    async def __call__(self, conn: Connection, sales: Sequence[tuple[UUID, UUID]]) -> list[TillSpent]:
        """Return what wallets paid of sales, by till and record; sales without a wallet or an event are left out.

        Deposits, tips, bonus credit, and products with an age limit or of an unknown catalogue are left out.
        """
        keys = sorted({RecordKey(*sale) for sale in sales})
        paid = await store.paid_by_wallets(conn, keys) if keys else {}
        if not paid:
            return []
        records: dict[RecordKey, list[Record]] = {}
        for record in await store.receipts_of(conn, sorted(paid)):
            records.setdefault(sale_of(record) or key_of(record), []).append(record)
        catalogues = await self._catalogues.of(conn, [sold.catalogue for sold, *_ in records.values()])
        owners = await wallets.wallets_by_id(conn, sorted({id_ for by_wallet in paid.values() for id_ in by_wallet}))
        return [
            TillSpent(
                key.derived_id(f"points {wallet_id}"),
                owners[wallet_id].owner_id,
                sold.event_id,
                sold.moment,
                left_to_earn(sold, refunds, cents, catalogues.get(sold.catalogue)),
            )
            for key, (sold, *refunds) in records.items()
            if sold.event_id is not None
            for wallet_id, cents in paid[key].items()
        ]
