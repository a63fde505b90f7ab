"""The facts of a disputed payment, from the domains that recorded them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.control.disputes.rules.facts import (
    BuyerFacts,
    DisputeFacts,
    EmailFacts,
    MoveFacts,
    OrderFacts,
    ScanFacts,
    SignInFacts,
    TermsFacts,
    TicketFacts,
    TopUpFacts,
)
from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.identity.people.types import PeopleConfig
from virage.matchday.access import api as access
from virage.money.payments import api as payments
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.api import PaidAt
from virage.money.wallet.funding import api as funding
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.api import Purchase
from virage.sale.ticketing.types import AcceptedTerms
from virage.site.pages import api as pages


async def dispute_facts(
    conn: Connection, dispute_id: UUID, people_config: PeopleConfig, paid_at: Sequence[PaidAt], now: datetime
) -> DisputeFacts | None:
    """Return the facts of a dispute, or None; call it in one REPEATABLE READ transaction.

    There are none of a payment at a card reader, whose buyer is not known.
    """
    dispute = await payments.dispute(conn, dispute_id)
    payment = None if dispute is None else await payments.payment(conn, dispute.payment_id)
    if dispute is None or payment is None:
        return None
    found: OrderFacts | TopUpFacts
    if payment.purpose == ticketing.PURPOSE:
        purchase = await ticketing.purchase(conn, payment.subject)
        if purchase is None:
            return None
        buyer_id: UUID | None = purchase.row.owner_id
        found = await _order(conn, purchase)
    else:
        wallet_id = await funding.wallet_of_top_up(conn, payment.subject)
        if wallet_id is None:
            return None
        buyer_id = (await accounts.wallets_by_id(conn, [wallet_id]))[wallet_id].owner_id
        moves = []
        if payment.settled_at is not None:
            moves = await accounts.moves_since(conn, wallet_id, payment.settled_at, paid_at)
        found = TopUpFacts([MoveFacts(move.at, move.purpose, move.cents, move.place) for move in moves])
    buyer = None if buyer_id is None else await people.person(conn, buyer_id)
    sessions = [] if buyer is None else await people.sessions_of(conn, buyer.id, None, now)
    emails = await people.emails_about(conn, people_config.all_keys, payment.subject)
    return DisputeFacts(
        dispute,
        payment,
        await payments.refunds_of(conn, [payment.id]),
        BuyerFacts() if buyer is None else BuyerFacts(buyer.name, buyer.email),
        found,
        [
            EmailFacts(email.state_at, email.kind, email.subject, email.to, email.state)
            for email in reversed(emails)
            if email.state != "queued"
        ],
        [SignInFacts(session.opened_at, session.last_seen_at, session.device) for session in sessions],
    )


async def _order(conn: Connection, purchase: Purchase) -> OrderFacts:
    order, event = purchase.order, purchase.event
    states = await passes.states(conn, [one.line.ticket_id for one in purchase.lines if one.line.ticket_id is not None])
    tickets = []
    numbers = {}
    for index, one in enumerate(purchase.lines):
        state = None if one.line.ticket_id is None else states.get(one.line.ticket_id)
        if state is not None:
            numbers[state.number] = index
        tickets.append(
            TicketFacts(
                one.line.label,
                one.line.tariff.value,
                one.line.price_cents,
                one.holder_name,
                None if state is None else state.form,
                one.line.refunded,
                state is not None and state.suspended,
            )
        )
    scans = [
        ScanFacts(
            scan.at,
            numbers[scan.pass_number],
            scan.gate,
            "refused" if scan.outcome == "refused" else scan.kind,
            scan.reason,
            scan.withdrawn,
        )
        for scan in await access.scans_of_passes(conn, event.id, sorted(numbers))
        if scan.pass_number is not None
    ]
    return OrderFacts(
        order.code,
        purchase.row.held_at,
        order.paid_at,
        event.title,
        event.starts_at,
        purchase.venue.name,
        purchase.venue.zone,
        tickets,
        order.fee_cents,
        order.total_cents,
        scans,
        await _terms(conn, purchase.terms),
    )


async def _terms(conn: Connection, accepted: AcceptedTerms | None) -> TermsFacts | None:
    version = None if accepted is None else await pages.version_by_id(conn, accepted.version_id)
    if accepted is None or version is None:
        return None
    return TermsFacts(
        accepted.accepted_at, version.title, version.language, version.revision, version.published_at, version.body
    )
