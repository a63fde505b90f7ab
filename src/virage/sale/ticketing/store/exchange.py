"""The exchange: its rules by event, and the listings of tickets."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.exchange import YEAR, ExchangeTerms, Listing, ListingState, Sold
from virage.sale.ticketing.store.queries import queries


async def terms(conn: Connection, event_id: UUID) -> ExchangeTerms:
    """Return the rules of an event's exchange; it is closed where the office set none."""
    row = await queries.exchange_terms(conn, event_id=event_id)
    return ExchangeTerms() if row is None else ExchangeTerms(**row)


async def put_terms(conn: Connection, event_id: UUID, new: ExchangeTerms) -> None:
    """Replace the rules of an event's exchange."""
    await queries.put_exchange_terms(
        conn,
        event_id=event_id,
        open=new.open,
        price_max_permille=new.price_max_permille,
        fee_permille=new.fee_permille,
        give_back=new.give_back,
    )


async def open_exchanges(conn: Connection) -> set[UUID]:
    """Return the events whose exchange is open."""
    return {row["event_id"] async for row in queries.open_exchanges(conn)}


async def events_with_releases(conn: Connection) -> set[UUID]:
    """Return the events whose seats may be given back."""
    return {row["event_id"] async for row in queries.events_with_releases(conn)}


async def released_of(conn: Connection, person_id: UUID) -> set[UUID]:
    """Return the tickets that a person has given back."""
    return {row["ticket_id"] async for row in queries.released_of(conn, person_id=person_id)}


async def count_released(conn: Connection, event_id: UUID) -> int:
    """Return how many tickets of an event were given back."""
    return int(await queries.count_released(conn, event_id=event_id))


async def listings(conn: Connection, listing_ids: Collection[UUID]) -> dict[UUID, Listing]:
    """Return listings by id; unknown ids are left out."""
    return {row["id"]: Listing(*row) async for row in queries.listings(conn, listing_ids=list(listing_ids))}


async def lock_listings(conn: Connection, listing_ids: Collection[UUID]) -> dict[UUID, Listing]:
    """Return listings by id, locked in order until the transaction ends."""
    return {row["id"]: Listing(*row) async for row in queries.lock_listings(conn, listing_ids=list(listing_ids))}


async def listings_of_event(conn: Connection, event_id: UUID) -> list[Listing]:
    """Return every listing of an event, the latest first."""
    return [Listing(*row) async for row in queries.listings_of_event(conn, event_id=event_id)]


async def open_listings(conn: Connection, event_id: UUID) -> list[Listing]:
    """Return the listings of an event that are not over, the oldest first."""
    return [Listing(*row) async for row in queries.open_listings(conn, event_id=event_id)]


async def listings_of_person(conn: Connection, person_id: UUID) -> list[Listing]:
    """Return what a person has listed, the latest first."""
    return [Listing(*row) async for row in queries.listings_of_person(conn, person_id=person_id)]


async def lock_listings_of_person(conn: Connection, person_id: UUID) -> list[Listing]:
    """Lock what a person has listed and not sold, and return it."""
    return [Listing(*row) async for row in queries.lock_listings_of_person(conn, person_id=person_id)]


async def lock_listings_of_tickets(conn: Connection, ticket_ids: Collection[UUID]) -> list[Listing]:
    """Lock the open listings of tickets, which are locked, and return them."""
    return [Listing(*row) async for row in queries.lock_listings_of_tickets(conn, ticket_ids=list(ticket_ids))]


async def listed_tickets(conn: Connection, ticket_ids: Collection[UUID]) -> set[UUID]:
    """Return those of the tickets that are listed."""
    return {row["ticket_id"] async for row in queries.listed_tickets(conn, ticket_ids=list(ticket_ids))}


async def events_with_listings(conn: Connection) -> list[UUID]:
    """Return the events that have open listings."""
    return [row["event_id"] async for row in queries.events_with_listings(conn)]


async def sold_by(
    conn: Connection,
    person_id: UUID,
    event_id: UUID,
    since: datetime,
    *,
    browser_key: bytes | None,
    card_key: bytes | None,
) -> Sold:
    """Return how many tickets of an event a person has listed or sold, and how many they have sold since a moment.

    Also how many of the event all people have listed in a browser, and how many that a card paid; none of unknown ones.
    """
    row = await queries.sold_by(
        conn, person_id=person_id, event_id=event_id, since=since, browser_key=browser_key, card_key=card_key
    )
    return Sold(**row)


async def forget_keys(conn: Connection, event_ids: Collection[UUID]) -> None:
    """Delete the browsers and cards of the listings of events."""
    await queries.forget_keys(conn, event_ids=sorted(event_ids))


async def forget_keys_of(conn: Connection, person_id: UUID) -> None:
    """Delete the browsers and cards of the listings of a person."""
    await queries.forget_keys_of(conn, person_id=person_id)


async def events_with_keys(conn: Connection) -> list[UUID]:
    """Return the events whose listings name a browser or a card."""
    return [row["event_id"] async for row in queries.events_with_keys(conn)]


async def insert_listing(conn: Connection, listing: Listing, browser_key: bytes | None, card_key: bytes | None) -> None:
    """Insert a listing of locked tickets; the keys stand for its browser and the card that paid."""
    await queries.insert_listing(
        conn,
        listing_id=listing.id,
        event_id=listing.event_id,
        seller_id=listing.seller_id,
        state=listing.state,
        ticket_ids=listing.ticket_ids,
        prices=listing.prices,
        fee_permille=listing.fee_permille,
        reasons=list(listing.reasons),
        browser_key=browser_key,
        card_key=card_key,
        to_wallet=listing.to_wallet,
        now=listing.listed_at,
    )


async def reserve(conn: Connection, listing_ids: Sequence[UUID], order_id: UUID) -> None:
    """Store that an order holds locked listings."""
    await queries.reserve(conn, listing_ids=list(listing_ids), order_id=order_id)


async def unreserve(conn: Connection, order_ids: Sequence[UUID]) -> None:
    """Let others buy the listings of orders that ended unpaid."""
    await queries.unreserve(conn, order_ids=list(order_ids))


async def end_listings(conn: Connection, listing_ids: Sequence[UUID], state: ListingState, now: datetime) -> None:
    """End locked open listings."""
    await queries.end_listings(conn, listing_ids=list(listing_ids), state=state, now=now)


async def decide_listing(conn: Connection, listing_id: UUID, who: UUID | None, now: datetime) -> None:
    """Store that a person has allowed a locked listing."""
    await queries.decide_listing(conn, listing_id=listing_id, who=who, now=now)


async def refuse_listing(conn: Connection, listing_id: UUID, who: UUID | None, now: datetime) -> None:
    """Store that a person has refused a locked listing."""
    await queries.refuse_listing(conn, listing_id=listing_id, who=who, now=now)


async def sold_in_year(conn: Connection, person_ids: Sequence[UUID], now: datetime) -> dict[UUID, int]:
    """Return how many tickets each person has sold in 365 days; people without sales are missing."""
    rows = queries.sold_in_year(conn, person_ids=list(person_ids), since=now - YEAR)
    return {row["seller_id"]: row["tickets"] async for row in rows}
