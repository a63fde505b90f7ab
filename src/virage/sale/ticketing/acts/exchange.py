"""The exchange: list tickets, hold and buy listings. A sale takes a seat back and sells it anew in one transaction."""

import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.passes import api as passes
from virage.identity.people import api as people
from virage.identity.people.api import queue_emails
from virage.identity.people.types import BROWSER_COOKIE, EmailKind, NewEmail, PeopleKeys, browser_of, people_keys
from virage.money.payments import api as payments
from virage.money.payments.api import PaymentProvider
from virage.money.payments.types import RefundRequest
from virage.money.wallet.funding import api as wallets
from virage.money.wallet.funding.types import Proceeds
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Fact, append
from virage.platform.settings.config import Config
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.platform.web.security import cookie_name
from virage.sale.ticketing.acts.holding import close
from virage.sale.ticketing.acts.transfers import IsBanned
from virage.sale.ticketing.rules.codes import new_code
from virage.sale.ticketing.rules.exchange import (
    YEAR,
    ExchangePurchaseRequest,
    ExchangeRefusal,
    ExchangeTerms,
    Listing,
    ListingRequest,
    ListingState,
    may_list,
    may_trade,
    review_reasons,
)
from virage.sale.ticketing.rules.open_sale import on_sale
from virage.sale.ticketing.rules.pricing import amounts
from virage.sale.ticketing.rules.refunds import worth
from virage.sale.ticketing.rules.sale import HOLD_FOR, OPEN_STATES, within_limit
from virage.sale.ticketing.rules.terms import Buyer, OrderRow, Reason, TicketRow
from virage.sale.ticketing.settings import ExchangeSettings
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import exchange as store
from virage.sale.ticketing.store import orders as orders_store
from virage.sale.ticketing.store import pricing as pricing_store
from virage.sale.ticketing.store import tickets as tickets_store
from virage.sale.ticketing.store import transfers as transfers_store
from virage.sale.ticketing.store.claims import Claim
from virage.sale.ticketing.store.tickets import TicketRefund
from virage.site.programme import api as programme


class ExchangeService(Struct, frozen=True):
    """The thresholds of the exchange, the comparison with the bans, and how browsers and cards are recognised.

    `browser_cookie` is the first-party cookie that sign-in sets. The keys make digests of its number, and of the id
    that the payment provider has for a card.
    """

    settings: ExchangeSettings
    is_banned: IsBanned
    people_keys: PeopleKeys
    browser_cookie: str
    browser_secret: bytes
    card_secret: bytes
    provider: PaymentProvider

    def browser_key(self, cookies: Mapping[str, str]) -> bytes | None:
        """Return what stands for the browser of a request; None for one without our cookie."""
        browser = browser_of(self.people_keys, cookies.get(self.browser_cookie))
        return None if browser is None else hmac.digest(self.browser_secret, browser.bytes, "sha256")

    async def card_key(self, db: Database, request: ListingRequest, seller_id: UUID) -> bytes | None:
        """Return what stands for the card that paid the tickets, as the payment provider says, outside a transaction.

        None if it cannot say, for tickets that are not the seller's, and for listed ones.
        """
        ticket_ids = sorted({one.ticket_id for one in request.tickets})
        async with db.connection() as conn:
            held = await transfers_store.held_tickets(conn, ticket_ids, seller_id)
            if not held or await store.listed_tickets(conn, ticket_ids):
                return None
            order = (await orders_store.orders(conn, [held[0].order_id]))[held[0].order_id]
        if order.payment_id is None:
            return None
        card_ref = await payments.card_of(db, self.provider, order.payment_id)
        return None if card_ref is None else hmac.digest(self.card_secret, card_ref.encode(), "sha256")


def exchange_service(config: Config, is_banned: IsBanned, provider: PaymentProvider) -> ExchangeService:
    """Return the service of a deployment."""
    return ExchangeService(
        config.of(ExchangeSettings),
        is_banned,
        people_keys(config.secret),
        cookie_name(BROWSER_COOKIE, secure=config.secure_cookies),
        derive(config.secret, "ticketing exchange browser"),
        derive(config.secret, "ticketing exchange card"),
        provider,
    )


async def set_terms(
    conn: Connection, event_id: UUID, new: ExchangeTerms, who: UUID | None, now: datetime
) -> ExchangeTerms:
    """Replace the rules of an event's exchange. Open listings keep their price and fee."""
    await store.put_terms(conn, event_id, new)
    await append(conn, [Fact("exchange_terms_set", who, event_id, {"open": new.open})], now)
    return new


async def offer(  # noqa: PLR0911 - each reason by its name
    conn: Connection,
    service: ExchangeService,
    request: ListingRequest,
    *,
    seller_id: UUID,
    browser_key: bytes | None,
    card_key: bytes | None,
    now: datetime,
) -> Listing | Refused:
    """List tickets of one order of the seller. They stay valid until they are sold.

    A listing that passes a threshold of the settings waits for a review. Refusals: `not_found`, `exchange_closed`,
    `not_for_exchange` (data.because), `price_above_maximum` (data.tickets), `companion_needs_access`, `ticket_listed`,
    `ticket_offered`, `ticket_refunded`, `event_cancelled`, `pass_already_entered`, `pass_revoked`, `id_reused`.
    """
    if await people.lock_person(conn, seller_id) is None:  # one listing at a time, so that the thresholds hold
        return Refused("unauthenticated")
    ticket_ids = sorted({one.ticket_id for one in request.tickets})
    prices = {one.ticket_id: one.price_cents for one in request.tickets}
    known = (await store.listings(conn, [request.id])).get(request.id)
    if known is not None:
        return known if known.seller_id == seller_id and known.ticket_ids == ticket_ids else Refused(Reason.ID_REUSED)
    held = await transfers_store.held_tickets(conn, ticket_ids, seller_id)
    if len(held) < len(ticket_ids) or len({ticket.order_id for ticket in held}) > 1:
        return Refused(ExchangeRefusal.NOT_FOUND)
    order = (await orders_store.lock_orders(conn, [held[0].order_id]))[held[0].order_id]
    tickets = await tickets_store.tickets(conn, order.ticket_ids)
    event, terms = await programme.event(conn, order.event_id), await store.terms(conn, order.event_id)
    refusal = may_trade(event, terms, now) or may_list(request, order, tickets, terms)
    refusal = refusal or defect([tickets[id_] for id_ in ticket_ids], await passes.states(conn, ticket_ids))
    if refusal is not None:
        return refusal
    if await store.listed_tickets(conn, ticket_ids):
        return Refused(ExchangeRefusal.TICKET_LISTED)
    sold = await store.sold_by(conn, seller_id, order.event_id, now - YEAR, browser_key=browser_key, card_key=card_key)
    reasons = review_reasons(sold, len(ticket_ids), service.settings)
    made = Listing(
        id=request.id,
        event_id=order.event_id,
        seller_id=seller_id,
        state="review" if reasons else "listed",
        ticket_ids=ticket_ids,
        prices=[prices[id_] for id_ in ticket_ids],
        fee_permille=terms.fee_permille,
        listed_at=now,
        reasons=reasons,
        to_wallet=request.to_wallet,
    )
    await store.insert_listing(conn, made, browser_key, card_key)
    await tickets_store.lock_tickets(conn, ticket_ids)  # an offer to another person comes before or after
    if await transfers_store.lock_open_of_tickets(conn, ticket_ids):
        return Refused(ExchangeRefusal.TICKET_OFFERED)
    if len(await transfers_store.held_tickets(conn, ticket_ids, seller_id)) < len(ticket_ids):
        return Refused(ExchangeRefusal.NOT_FOUND)  # accepted by another person since they were read
    await append(conn, [_fact("listing_in_review" if reasons else "listing_opened", seller_id, made)], now)
    return made


async def withdraw(conn: Connection, listing_id: UUID, seller_id: UUID, now: datetime) -> Listing | Refused:
    """Withdraw a listing until it is sold; a repeated request is one. A basket that holds it is released.

    Refusals: `not_found`, `listing_ended`, `listing_reserved` while a buyer pays.
    """
    found = (await store.listings(conn, [listing_id])).get(listing_id)
    if found is None or found.seller_id != seller_id:
        return Refused(ExchangeRefusal.NOT_FOUND)
    if found.order_id is not None:
        buying = (await orders_store.lock_orders(conn, [found.order_id])).get(found.order_id)
        if buying is not None and buying.state == "paying" and buying.expires_at > now:
            return Refused(ExchangeRefusal.RESERVED, {"until": buying.expires_at})
        await close(conn, [found.order_id], "released", now)
    listing = (await store.lock_listings(conn, [listing_id]))[listing_id]
    if listing.state == "withdrawn":
        return listing
    if listing.state not in ("review", "listed"):
        return Refused(ExchangeRefusal.ENDED, {"state": listing.state})
    if listing.order_id is not None:  # another buyer holds it since it was read
        return Refused(ExchangeRefusal.RESERVED)
    await _end(conn, [listing], "withdrawn", seller_id, now)
    return (await store.listings(conn, [listing_id]))[listing_id]


async def decide(
    conn: Connection, event_id: UUID, listing_id: UUID, *, allow: bool, who: UUID | None, now: datetime
) -> Refused | None:
    """Allow or refuse a listing that waits for its review, and tell the seller. A repeated decision is one.

    Refusals: `not_found`, `listing_ended` once it does not wait any more.
    """
    listing = (await store.lock_listings(conn, [listing_id])).get(listing_id)
    if listing is None or listing.event_id != event_id:
        return Refused(ExchangeRefusal.NOT_FOUND)
    if listing.decided_at is not None and listing.state == ("listed" if allow else "refused"):
        return None
    if listing.state != "review":
        return Refused(ExchangeRefusal.ENDED, {"state": listing.state})
    await (store.decide_listing if allow else store.refuse_listing)(conn, listing_id, who, now)
    await append(conn, [_fact("listing_allowed" if allow else "listing_refused", who, listing)], now)
    kind = EmailKind.LISTING_ALLOWED if allow else EmailKind.LISTING_REFUSED
    await queue_emails(conn, [_email(kind, listing)], now)
    return None


async def hold(  # noqa: PLR0911 - each reason by its name
    conn: Connection,
    service: ExchangeService,
    request: ExchangePurchaseRequest,
    buyer: Buyer,
    *,
    fan_id: UUID,
    now: datetime,
) -> OrderRow | Refused:
    """Hold listings of one event in an order, which is paid like every other; a repeated request is one order.

    The sellers' tickets stay valid until it is paid. Refusals: `not_found`, `exchange_closed`, `listing_of_yourself`,
    `listing_unavailable` (data.listing_ids), `limit_reached`, `transfer_not_possible` for a ban, which a person
    reviews, `event_cancelled`, `id_reused`.
    """
    listing_ids = sorted(set(request.listing_ids))
    found = await store.listings(conn, listing_ids)
    event_ids = sorted({listing.event_id for listing in found.values()})
    if len(found) < len(listing_ids) or len(event_ids) != 1:
        return Refused(ExchangeRefusal.NOT_FOUND)
    (event_id,) = event_ids
    event, terms = await programme.event(conn, event_id), await store.terms(conn, event_id)
    pricing, person = await pricing_store.pricing(conn, event_id), await people.person(conn, fan_id)
    if event is None or pricing is None or person is None:
        return Refused(ExchangeRefusal.NOT_FOUND)
    if await service.is_banned(conn, event_id, event_id, person, name=person.name or person.email, now=now):
        return Refused(ExchangeRefusal.NOT_POSSIBLE, commit=True)
    await orders_store.lock_buyers(conn, [fan_id], [event_id])
    known = await orders_store.known_orders(conn, [request.id], event_ids, list(buyer.owner_ids))
    earlier = next((order for order in known if order.id == request.id), None)
    if earlier is not None:
        same = earlier.owner_id in buyer.owner_ids and earlier.listing_ids == listing_ids
        return earlier if same else Refused(Reason.ID_REUSED)
    refusal = may_trade(event, terms, now)
    if refusal is not None:
        return refusal
    if any(listing.seller_id == fan_id for listing in found.values()):
        return Refused(ExchangeRefusal.OWN)
    holding = [listing.order_id for listing in found.values() if listing.order_id is not None]
    held = await orders_store.orders(conn, holding) if holding else {}
    lapsed = [order.id for order in held.values() if order.state in OPEN_STATES and order.expires_at <= now]
    await close(conn, lapsed, "expired", now)
    tickets = await tickets_store.tickets(conn, [id_ for one in found.values() for id_ in one.ticket_ids])
    lines = [
        (tickets[id_], cents)
        for listing in found.values()
        for id_, cents in zip(listing.ticket_ids, listing.prices, strict=True)
    ]
    bought = sum(
        len(order.places)
        for order in known
        if order.owner_id in buyer.owner_ids
        and (order.state == "paid" or (order.state in OPEN_STATES and order.expires_at > now))
    )
    refusal = within_limit(on_sale(event), bought, len(lines))
    if refusal is not None:
        return refusal
    cost = amounts([cents for _, cents in lines], pricing.fee_cents)
    order = OrderRow(
        id=request.id,
        code=new_code(),
        event_id=event_id,
        owner_id=fan_id,
        session_id=buyer.session_id,
        state="held",
        places=[ticket.place for ticket, _ in lines],
        tariffs=[ticket.tariff for ticket, _ in lines],
        prices=cost.prices,
        ticket_ids=[new_id() for _ in lines],
        fee_cents=cost.fee_cents,
        total_cents=cost.total_cents,
        refunded_cents=0,
        vat_permille=pricing.vat_permille,
        fee_vat_permille=pricing.fee_vat_permille,
        held_at=now,
        expires_at=now + HOLD_FOR,
        listing_ids=listing_ids,
    )
    await orders_store.insert_exchange_order(conn, order)
    listings = list((await store.lock_listings(conn, listing_ids)).values())
    states = await passes.states(conn, sorted(tickets))
    gone = [
        listing.id
        for listing in listings
        if listing.state != "listed"
        or listing.order_id is not None
        or defect([tickets[id_] for id_ in listing.ticket_ids], states) is not None
    ]
    if gone:
        return Refused(ExchangeRefusal.UNAVAILABLE, {"listing_ids": gone})
    await store.reserve(conn, listing_ids, order.id)
    await append(conn, [_fact("listing_reserved", fan_id, listing) for listing in listings], now)
    return order


async def lock_sellers(conn: Connection, order_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Lock orders about to be paid with those whose seats they buy; return the listings of those that buy any."""
    buying = await orders_store.exchange_orders(conn, list(order_ids))
    if buying:
        listings = await store.listings(conn, [id_ for ids in buying.values() for id_ in ids])
        tickets = await tickets_store.tickets(conn, [id_ for one in listings.values() for id_ in one.ticket_ids])
        sellers = {ticket.order_id for ticket in tickets.values()}
        await orders_store.lock_orders(conn, sorted({*order_ids, *sellers}))
    return buying


class Sale(Struct, frozen=True):
    """A listing whose seats a paid order gets, with the seller's order and tickets."""

    listing: Listing
    buyer_order_id: UUID
    order: OrderRow
    tickets: Sequence[TicketRow]
    refund_id: UUID

    def refund(self, now: datetime) -> TicketRefund:
        """Return the seller's refund."""
        return TicketRefund(
            self.refund_id, self.order.id, self.listing.payout_cents, self.listing.ticket_ids, now, "exchanged"
        )


async def take_back(conn: Connection, order_ids: Collection[UUID], now: datetime) -> list[Sale]:
    """Take back the seats that paid orders bought on the exchange, before these orders get their tickets.

    An order that does not get all of its seats, because a ticket was used, revoked or passed on meanwhile, is released.
    The caller returns its money, and passes the sales to `pay_sellers` once the new passes are issued.
    """
    buying = await lock_sellers(conn, order_ids)
    if not buying:
        return []
    listings = await store.lock_listings(conn, [id_ for ids in buying.values() for id_ in ids])
    tickets = await tickets_store.tickets(conn, [id_ for listing in listings.values() for id_ in listing.ticket_ids])
    orders = await orders_store.orders(conn, sorted({*buying, *(ticket.order_id for ticket in tickets.values())}))
    events = await programme.events(conn, sorted({orders[order_id].event_id for order_id in buying}))
    states = await passes.states(conn, sorted(tickets))
    sales: list[Sale] = []
    lost: list[UUID] = []
    for order_id, wanted in buying.items():
        if orders[order_id].state not in OPEN_STATES:
            continue
        if events[orders[order_id].event_id].state != "published":  # all tickets are about to be refunded in full
            lost.append(order_id)
            continue
        mine = []
        for listing in (listings[id_] for id_ in wanted):
            held = [tickets[id_] for id_ in listing.ticket_ids]
            if listing.state == "listed" and listing.order_id == order_id and defect(held, states) is None:
                mine.append(Sale(listing, order_id, orders[held[0].order_id], held, new_id()))
        if len(mine) == len(wanted):
            sales += mine
        else:
            lost.append(order_id)
    await close(conn, lost, "released", now)
    if sales:
        await _write_sales(conn, sales, now)
    return sales


async def _write_sales(conn: Connection, sales: Sequence[Sale], now: datetime) -> None:
    """End the listings, hand the places to the buyers' orders, and refund the sellers' tickets; all are locked."""
    await store.end_listings(conn, sorted(sale.listing.id for sale in sales), "sold", now)
    claims = {
        Claim(sale.order.event_id, ticket.place, sale.order.id): sale.buyer_order_id
        for sale in sales
        for ticket in sale.tickets
    }
    if await claims_store.hand_claims(conn, list(claims), list(claims.values())) < len(claims):
        raise RuntimeError(
            f"The orders {[str(sale.order.id) for sale in sales]} have not all places of their listings."
        )
    for sale in sales:
        await tickets_store.insert_refund(conn, sale.refund(now), sale.order.event_id, None)
    prices = {
        ticket_id: cents
        for sale in sales
        for ticket_id, cents in zip(sale.listing.ticket_ids, sale.listing.prices, strict=True)
    }
    await tickets_store.mark_sold(conn, prices)
    for sale in sales:  # one by one: the last sale of an order's tickets makes it a refunded order
        refund = sale.refund(now)
        await tickets_store.refund_tickets(conn, refund.ticket_ids, refund.id)
        kept = sum(worth(sale.order, ticket.price_cents) for ticket in sale.tickets) - refund.amount_cents
        await orders_store.count_refund(conn, sale.order.id, refund.amount_cents, kept)


async def pay_sellers(conn: Connection, sales: Sequence[Sale], *, wallet_max_cents: Cents, now: datetime) -> None:
    """Revoke the passes of sold tickets, and pay their sellers: into their wallets where they wish it, else by refunds.

    Raises if a gate admits one of these passes at this very moment: nothing is stored, and the payment is settled
    again, which then returns the buyer's money.
    """
    if not sales:
        return
    sold = sorted(id_ for sale in sales for id_ in sale.listing.ticket_ids)
    await passes.revoke(conn, sold, now)
    if any(state.entered_at is not None for state in (await passes.states(conn, sold)).values()):
        raise RuntimeError("A ticket was used while it was sold.")
    wished = [
        Proceeds(
            sale.refund_id, sale.listing.seller_id, sale.order.payment_id, sale.listing.payout_cents, sale.listing.id
        )
        for sale in sales
        if sale.listing.to_wallet and sale.order.payment_id is not None
    ]
    credited = await wallets.credit_proceeds(conn, wished, wallet_max_cents=wallet_max_cents, now=now)
    money = [
        RefundRequest(sale.refund_id, sale.order.payment_id, sale.listing.payout_cents)
        for sale in sales
        if sale.order.payment_id is not None and sale.refund_id not in credited
    ]
    for answer in await payments.request_refund(conn, money, now):
        if isinstance(answer, Refused):
            raise RuntimeError(f"The refund of a sold ticket is refused: {answer.reason}")  # noqa: TRY004 - not a type error
    facts = [_fact("listing_sold", None, sale.listing) for sale in sales]
    facts += [
        Fact(
            "order_refunded",
            None,
            sale.order.id,
            {"refund": sale.refund_id, "event": sale.order.event_id, "reason": "exchanged"},
        )
        for sale in sales
    ]
    await append(conn, facts, now)
    await queue_emails(conn, [_email(EmailKind.LISTING_SOLD, sale.listing) for sale in sales], now)


async def end_over(conn: Connection, now: datetime) -> int:
    """End the listings that cannot be sold any more, and tell the sellers whose time is over; return how many.

    Forget in which browsers tickets of events without a sale were listed, and which cards had paid them.

    These are listings of an event whose sale is over, and of tickets that were used, revoked, refunded or passed on.
    """
    ended = 0
    events = await programme.events(conn, await store.events_with_listings(conn))
    for event_id, event in events.items():
        open_now = await store.open_listings(conn, event_id)
        over = event.state != "published" or event.sale_closes_at <= now
        tickets = await tickets_store.tickets(conn, [id_ for listing in open_now for id_ in listing.ticket_ids])
        states = await passes.states(conn, sorted(tickets))
        ids = [
            listing.id
            for listing in open_now
            if over or defect([tickets[id_] for id_ in listing.ticket_ids], states) is not None
        ]
        locked = (await store.lock_listings(conn, sorted(ids))).values()
        due = [listing for listing in locked if listing.state in ("review", "listed")]
        await _end(conn, due, "ended", None, now)
        if over:
            kind = EmailKind.LISTING_ENDED if event.state == "published" else EmailKind.LISTING_STOPPED
            await queue_emails(conn, [_email(kind, listing) for listing in due], now)
        ended += len(due)
    known = await programme.events(conn, await store.events_with_keys(conn))
    over_ids = [id_ for id_, event in known.items() if event.state != "published" or event.sale_closes_at <= now]
    await store.forget_keys(conn, over_ids)
    return ended


async def end_of_tickets(conn: Connection, ticket_ids: Collection[UUID], now: datetime) -> None:
    """End the listings of tickets that are refunded, and tell their sellers."""
    listings = await store.lock_listings_of_tickets(conn, ticket_ids)
    await _end(conn, listings, "ended", None, now)
    if listings:
        await queue_emails(conn, [_email(EmailKind.LISTING_STOPPED, listing) for listing in listings], now)


async def withdraw_of_person(conn: Connection, person_id: UUID, now: datetime) -> None:
    """Withdraw the listings of an erased person. A buyer who is paying gets the money back."""
    await _end(conn, await store.lock_listings_of_person(conn, person_id), "withdrawn", person_id, now)
    await store.forget_keys_of(conn, person_id)


def defect(tickets: Sequence[TicketRow], states: Mapping[UUID, passes.PassState]) -> Refused | None:
    """Refuse tickets that are refunded, that another person received, or whose pass is revoked or used."""
    mine = [states[ticket.id] for ticket in tickets if ticket.id in states]
    if any(ticket.refund_id is not None for ticket in tickets):
        return Refused(Reason.TICKET_REFUNDED)
    if any(ticket.holder_id is not None for ticket in tickets):
        return Refused(ExchangeRefusal.NOT_FOR_EXCHANGE, {"because": "received"})
    if any(state.revoked for state in mine):
        return Refused("pass_revoked")
    if any(state.entered_at is not None for state in mine):
        return Refused("pass_already_entered")
    return None


async def _end(
    conn: Connection, listings: Sequence[Listing], state: ListingState, who: UUID | None, now: datetime
) -> None:
    """End locked listings that are open."""
    if listings:
        await store.end_listings(conn, [listing.id for listing in listings], state, now)
        await append(conn, [_fact(f"listing_{state}", who, listing) for listing in listings], now)


def _fact(what: str, who: UUID | None, listing: Listing) -> Fact:
    return Fact(what, who, listing.id, {"event": listing.event_id})


def _email(kind: EmailKind, listing: Listing) -> NewEmail:
    return NewEmail(id=new_id(), kind=kind, subject_id=listing.id, about_id=listing.id, person_id=listing.seller_id)
