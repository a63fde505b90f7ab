"""Accounting journal from the ledger, till records, ticket orders and memberships."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from virage.control.books.rules.accounting import Journal, TicketRevenue, journal
from virage.control.books.store import accounting as store
from virage.control.books.store.accounting import Span
from virage.money.fiscal.types import DAY_BEGINS, Period, PeriodKind, begins, business_day, ends
from virage.money.settlement import api as settlement
from virage.platform.data.database import Connection
from virage.platform.values.localised import text_in
from virage.sale.membership import api as membership
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme


async def journal_of(
    conn: Connection, days: tuple[date, date], codes: Mapping[str, str], *, zone: ZoneInfo, now: datetime, language: str
) -> Journal:
    """Return the accounting journal of some business days in the deployment's time zone, inclusive.

    The titles of events are in `language`.

    The caller's transaction must be `repeatable read`, so that all sources are of one moment.
    """
    until = ends(Period(PeriodKind.DAY, days[1]), zone)
    span = Span(begins(days[0], zone), until, zone, DAY_BEGINS)
    ledger = (await store.moved(conn, span), await store.sold(conn, span))
    moved = await ticketing.money_moved(conn, *span)
    found = await programme.events(conn, sorted({movement.event_id for movement in moved}))
    over: dict[UUID, date] = {
        event.id: business_day(event.ends_at, zone)
        for event in found.values()
        if event.ends_at <= min(now, until) and event.state != "cancelled"
    }
    titles = {event.id: text_in(event.title, language, language) for event in found.values()}
    balances = await store.balances(conn, until)
    members = await membership.money_moved(conn, until, zone, DAY_BEGINS)
    payouts = await settlement.payouts_until(conn, days[1])
    revenue = TicketRevenue(moved, over, titles)
    return journal(days, ledger, revenue, balances, codes=codes, made_at=now, payouts=payouts, memberships=members)
