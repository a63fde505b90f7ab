"""Taps that were taken, what cards spent on a day, and what their PINs are checked against."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from virage.identity.people.types import PinVerifier
from virage.money.wallet.cards.rules.cards import Limits, PinTry, Spent, TapTaken
from virage.money.wallet.cards.store.queries import queries
from virage.platform.data.database import Connection


async def taps_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, TapTaken]:
    """Taps that were taken, by the ids of who brought them."""
    rows = queries.taps_by_id(conn, ids=list(ids))
    return {row["id"]: TapTaken(*row) async for row in rows}


async def counters_used(conn: Connection, wanted: Sequence[tuple[UUID, int]]) -> set[tuple[UUID, int]]:
    """Those of these counters of cards that have counted."""
    card_ids, counters = [card_id for card_id, _ in wanted], [counter for _, counter in wanted]
    return {(row[0], row[1]) async for row in queries.counters_used(conn, card_ids=card_ids, counters=counters)}


async def insert_taps(conn: Connection, taps: Sequence[TapTaken], now: datetime) -> None:
    """Write taps that count, and raise the counters of their cards, which are locked."""
    await queries.insert_taps(
        conn,
        ids=[tap.tap_id for tap in taps],
        card_ids=[tap.card_id for tap in taps],
        wallet_ids=[tap.wallet_id for tap in taps],
        counters=[tap.counter for tap in taps],
        now=now,
    )
    last: dict[UUID, int] = {}
    for tap in taps:
        last[tap.card_id] = max(last.get(tap.card_id, 0), tap.counter)
    await queries.raise_counters(conn, card_ids=list(last), counters=list(last.values()))


async def note_told(conn: Connection, card_ids: Sequence[UUID]) -> None:
    """Mark the replays of locked cards as recorded."""
    await queries.note_told(conn, card_ids=list(card_ids))


async def limits(conn: Connection, card_ids: Sequence[UUID], day: date) -> dict[UUID, Limits]:
    """What cards may spend on a day and have spent on it."""
    rows = queries.limits(conn, card_ids=list(card_ids), day=day)
    return {row["id"]: Limits(row["daily_limit_cents"], row["spent_cents"]) async for row in rows}


async def add_spent(conn: Connection, spents: Sequence[Spent]) -> None:
    """Count what cards spent."""
    sums = _sums(spents)
    await queries.add_spent(
        conn, card_ids=[key[0] for key in sums], days=[key[1] for key in sums], amounts=list(sums.values())
    )


async def take_spent(conn: Connection, spents: Sequence[Spent]) -> None:
    """Count less for what went back."""
    sums = _sums(spents)
    await queries.take_spent(
        conn, card_ids=[key[0] for key in sums], days=[key[1] for key in sums], amounts=list(sums.values())
    )


def _sums(spents: Sequence[Spent]) -> Mapping[tuple[UUID, date], int]:
    sums: dict[tuple[UUID, date], int] = {}
    for spent in spents:
        key = (spent.card_id, spent.day)
        sums[key] = sums.get(key, 0) + spent.amount_cents
    return sums


async def put_card_pin(conn: Connection, card_id: UUID, pin: PinVerifier, now: datetime) -> None:
    """Store a card's PIN in place of the one before."""
    await queries.put_card_pin(
        conn, card_id=card_id, salt=pin.salt, iterations=pin.iterations, verifier=pin.verifier, now=now
    )


async def count_pin_try(conn: Connection, card_id: UUID) -> PinTry | None:
    """Count one try at a card's PIN; None if it has none."""
    row = await queries.count_pin_try(conn, card_id=card_id)
    if row is None:
        return None
    return PinTry(card_id, PinVerifier(row["salt"], row["iterations"], row["verifier"]), row["tries"])


async def forgive_pin_tries(conn: Connection, card_ids: Sequence[UUID]) -> None:
    """Forget the tries at cards' PINs."""
    await queries.forgive_pin_tries(conn, card_ids=list(card_ids))


async def cards_with_pin(conn: Connection, card_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these cards that have a PIN."""
    return {row["card_id"] async for row in queries.cards_with_pin(conn, card_ids=list(card_ids))}


async def drop_card_pins(conn: Connection, card_ids: Sequence[UUID]) -> None:
    """Forget the PINs of cards."""
    await queries.drop_card_pins(conn, card_ids=list(card_ids))


async def taps_of_cards(conn: Connection, card_ids: Sequence[UUID]) -> list[TapTaken]:
    """All taps of cards that were taken, the latest first."""
    return [TapTaken(*row) async for row in queries.taps_of_cards(conn, card_ids=list(card_ids))]
