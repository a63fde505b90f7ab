"""What disputes took back from wallets, for finance."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.money.payments import api as payments
from virage.money.payments.types import DisputeState
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding.rules.disputes import DisputedProceeds
from virage.money.wallet.funding.store import proceeds as store
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

PAGE: Final = 50


class DisputedProceedsLine(Struct, frozen=True):
    """Proceeds of the exchange that a dispute took back from a fan's wallet.

    `missing_cents` is what the wallet did not have any more; a won dispute returns `cents`, and nothing is missing.
    `owner` is the fan's name, or address without a name; None once the account is deleted.
    """

    dispute_id: UUID
    payment_id: UUID
    wallet_id: UUID
    owner: str | None
    cents: Cents
    missing_cents: Cents
    taken_at: datetime
    state: DisputeState


class DisputedProceedsPage(Struct, frozen=True):
    """About fifty lines, the latest first; `more` if another page may follow."""

    lines: list[DisputedProceedsLine]
    more: bool


async def latest_disputed_proceeds(conn: Connection, before: datetime) -> DisputedProceedsPage:
    """Return what disputes took back from wallets before a time. Lines of one time are on one page."""
    found = await store.latest_disputed_proceeds(conn, before, PAGE)
    return DisputedProceedsPage(await _lines(conn, found), len(found) >= PAGE)


async def disputed_proceeds_of(conn: Connection, payment_id: UUID) -> DisputedProceedsPage:
    """Return what the disputes of a payment took back from wallets."""
    return DisputedProceedsPage(
        await _lines(conn, await store.disputed_proceeds_of_payment(conn, payment_id)), more=False
    )


async def _lines(conn: Connection, found: Sequence[DisputedProceeds]) -> list[DisputedProceedsLine]:
    disputes = await payments.disputes_of(conn, sorted({one.payment_id for one in found}))
    states = {dispute.id: dispute.state for dispute in disputes}
    wallets = await accounts.wallets_by_id(conn, sorted({one.wallet_id for one in found}))
    owners = {id_: wallet.owner_id for id_, wallet in wallets.items() if wallet.owner_id is not None}
    persons = await people.persons_by_id(conn, sorted(set(owners.values())))
    names = {id_: person.name or person.email for id_, person in persons.items()}
    return [
        DisputedProceedsLine(
            one.dispute_id,
            one.payment_id,
            one.wallet_id,
            names.get(owners[one.wallet_id]) if one.wallet_id in owners else None,
            one.cents,
            one.missing_cents,
            one.taken_at,
            states[one.dispute_id],
        )
        for one in found
    ]
