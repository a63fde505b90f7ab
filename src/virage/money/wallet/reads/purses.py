"""A purse as its owner sees it, and as it goes into their export."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.payments import reads as payments
from virage.money.wallet.reads.desk import payable_at_desks
from virage.money.wallet.rules import purses as rules
from virage.money.wallet.rules.ledger import Balance, bonus
from virage.money.wallet.rules.purses import Limits, Progress, credit_id
from virage.money.wallet.store import desk, gifts, ledger, purses
from virage.money.wallet.store.ledger import Moved
from virage.platform.database import Connection
from virage.platform.money import Cents
from virage.site.programme.rules import Text

PAGE: Final = 50
ALL: Final = 100_000
_END: Final = datetime(9999, 1, 1, tzinfo=UTC)


class PaidAt(Protocol):
    """Where purses paid: the domains that sell know the places of what they sold."""

    async def __call__(self, conn: Connection, subjects: Sequence[UUID]) -> Mapping[UUID, Text]:
        """The places of those sales and orders that are theirs."""
        ...


class Line(Struct, frozen=True):
    """One line of the history. `cents` is above zero for what came in; `step` is `hold` where a hold is open.

    `bonus`: it moved what the house gave, not money. `purpose`: top_up, payout, cash_load, cash_payout, terminal_load,
    terminal_payout, sale, refund, card_moved, bonus_given, bonus_forfeited, or another domain's word (food_order).
    `place`: where it was paid or given back, if that is known.
    """

    id: UUID
    at: datetime
    cents: Cents
    purpose: str
    subject: UUID
    step: str
    bonus: bool
    place: Text | None


class Statement(Struct, frozen=True):
    """What is in a purse: `available_cents` may be spent or paid out now, `bonus_cents` spent only."""

    id: UUID | None
    balance_cents: Cents
    available_cents: Cents
    bonus_cents: Cents
    history: list[Line]
    more: bool


class PurseView(Statement, frozen=True):
    """A purse on its owner's screen: `refundable_cents` is what a payout sends back to bank cards now.

    `desk_cents` is what a desk pays out: what came in cash or by its terminal, as far as it is left.
    """

    refundable_cents: Cents
    desk_cents: Cents
    limits: Limits


class TopUpView(Struct, frozen=True):
    """What has become of a top-up; `reason` is why it failed: the provider's code, else `cancelled` or `expired`."""

    id: UUID
    payment_id: UUID
    cents: Cents
    progress: Progress
    reason: str | None


EMPTY: Final = Statement(None, 0, 0, 0, [], more=False)


async def purse_view(
    conn: Connection,
    owner_id: UUID,
    limits: Limits,
    before: datetime | None = None,
    *,
    now: datetime,
    paid_at: Sequence[PaidAt] = (),
) -> PurseView:
    """Somebody's purse with a page of its history, the latest first; an empty one where they have none yet."""
    said = await _statement(conn, owner_id, before or _END, PAGE, paid_at)
    back = await _refundable(conn, said.id, said.available_cents) if said.id is not None else 0
    desk = await payable_at_desks(conn, said.id, now) if said.id is not None else 0
    fields = (said.id, said.balance_cents, said.available_cents, said.bonus_cents, said.history, said.more)
    return PurseView(*fields, refundable_cents=back, desk_cents=desk, limits=limits)


async def top_up_view(conn: Connection, owner_id: UUID, top_up_id: UUID) -> TopUpView | None:
    """What has become of somebody's own top-up; None where they have no such one."""
    purse = await purses.purse_of(conn, owner_id)
    top_up = (await purses.top_ups(conn, [top_up_id])).get(top_up_id)
    if purse is None or top_up is None or top_up.purse_id != purse.id:
        return None
    payment = await payments.payment(conn, top_up.payment_id)
    credit = credit_id(top_up.payment_id)
    credited = credit in await ledger.transfers(conn, {credit})
    progress = rules.progress(payment, credited=credited)
    failed = payment if progress is Progress.FAILED else None
    reason = None if failed is None else failed.reason or failed.state.value
    return TopUpView(top_up.id, top_up.payment_id, top_up.cents, progress, reason)


async def _refundable(conn: Connection, purse_id: UUID, available_cents: Cents) -> Cents:
    top_ups = await purses.top_ups_of_purse(conn, purse_id)
    made = await payments.payments(conn, [one.payment_id for one in top_ups])
    return sum(share.cents for share in rules.shares(rules.paid(top_ups, made), available_cents))


async def _statement(
    conn: Connection, owner_id: UUID, before: datetime, page: int, paid_at: Sequence[PaidAt]
) -> Statement:
    purse = await purses.purse_of(conn, owner_id)
    if purse is None:
        return EMPTY
    bonus_id = bonus(purse.id).id
    accounts = await ledger.balances(conn, [purse.id, bonus_id])
    mine = accounts.get(purse.id, Balance())
    rows = await ledger.history(conn, purse.id, before, page + 1)
    # Lines of one moment stay together on a page, for the next one begins before a moment.
    more = len(rows) > page
    shown = ([row for row in rows if row.at > rows[page].at] or rows) if more else rows
    subjects = list({row.subject for row in shown})
    places = {subject: place for one in paid_at for subject, place in (await one(conn, subjects)).items()}
    history = _lines(shown, purse.id, places)
    given = accounts.get(bonus_id, Balance()).available_cents
    return Statement(purse.id, mine.balance_cents, mine.available_cents, given, history, more)


def _lines(rows: Sequence[Moved], purse_id: UUID, places: Mapping[UUID, Text]) -> list[Line]:
    """A line for all that moved at once and for the same: a sale is a transfer a rate of VAT, and was paid once."""
    bonus_id = bonus(purse_id).id
    together: dict[tuple[datetime, UUID, str, str, bool], list[Moved]] = {}
    for row in rows:
        is_bonus = bonus_id in (row.debit_id, row.credit_id)
        together.setdefault((row.at, row.subject, row.purpose, row.step, is_bonus), []).append(row)
    mine = (purse_id, bonus_id)
    return [
        Line(moved[0].id, at, _came_in(moved, mine), purpose, subject, step, is_bonus, places.get(subject))
        for (at, subject, purpose, step, is_bonus), moved in together.items()
    ]


def _came_in(moved: Sequence[Moved], mine: Collection[UUID]) -> Cents:
    return sum(one.cents if one.credit_id in mine else -one.cents for one in moved)


async def available(conn: Connection, purse_id: UUID) -> Cents:
    """What may be spent of a purse now."""
    return (await ledger.balances(conn, [purse_id])).get(purse_id, Balance()).available_cents


async def export(conn: Connection, person_id: UUID, paid_at: Sequence[PaidAt] = ()) -> dict[str, Any]:
    """What the wallet keeps about a person: their purse, all that moved in it, what desks did and what was given.

    Who served them at a desk is somebody else's to be told about.
    """
    said = await _statement(conn, person_id, _END, ALL, paid_at)
    if said.id is None:
        return {"purse": None}
    loads = [
        {"at": one.booked_at, "cents": one.load.cents, "tender": one.load.tender, "slip": one.load.slip}
        for one in await desk.loads_of_purse(conn, said.id)
    ]
    given = [{"id": one.id, "cents": one.cents, "reason": one.reason} for one in await gifts.gifts_of(conn, said.id)]
    return {"purse": said, "desk": loads, "gifts": given}


async def purses_of(conn: Connection, owner_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The purses of persons, for whoever holds money there."""
    return {owner_id: purse.id for owner_id, purse in (await purses.purses_of_owners(conn, owner_ids)).items()}
