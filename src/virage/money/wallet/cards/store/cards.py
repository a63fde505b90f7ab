"""Cards, and the wallets that they spend."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from virage.money.wallet.cards.rules.cards import BlockReason, Card, NewCard, OwnedCard
from virage.money.wallet.cards.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class CardChange(NamedTuple):
    """A card for tills, and the transaction that wrote it."""

    shown: tuple[str, int, bool]
    xid: int


def _card(row: Any) -> Card:
    reason = row["blocked_reason"]
    return Card(
        id=row["id"],
        uid=row["uid"],
        wallet_id=row["purse_id"],
        key_version=row["key_version"],
        counter=row["counter"],
        told_counter=row["told_counter"],
        label=row["label"],
        daily_limit_cents=row["daily_limit_cents"],
        personalised_at=row["personalised_at"],
        linked_at=row["linked_at"],
        blocked_at=row["blocked_at"],
        blocked_reason=None if reason is None else BlockReason(reason),
        replaced_by=row["replaced_by"],
    )


async def lock_cards_by_uid(conn: Connection, uids: Sequence[bytes]) -> dict[bytes, OwnedCard]:
    """The cards of chips, locked in the order of their ids; chips that are no card of ours are missing."""
    rows = queries.lock_cards_by_uid(conn, uids=list(uids))
    return {row["uid"]: OwnedCard(_card(row), row["owner_id"], row["code_hash"]) async for row in rows}


async def lock_cards(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Card]:
    """Cards by their ids, locked in order."""
    found = [_card(row) async for row in queries.lock_cards(conn, ids=list(ids))]
    return {card.id: card for card in found}


async def lock_cards_of_wallets(conn: Connection, wallet_ids: Sequence[UUID]) -> list[UUID]:
    """The ids of all cards of wallets, locked in order."""
    return [row["id"] async for row in queries.lock_cards_of_wallets(conn, wallet_ids=list(wallet_ids))]


async def owned_cards(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, OwnedCard]:
    """Cards with the owners of their wallets."""
    rows = queries.owned_cards(conn, ids=list(ids))
    return {row["id"]: OwnedCard(_card(row), row["owner_id"], row["code_hash"]) async for row in rows}


async def card_ids_of_uids(conn: Connection, uids: Sequence[bytes]) -> dict[bytes, UUID]:
    """The cards of chips."""
    return {row["uid"]: row["id"] async for row in queries.card_ids_of_uids(conn, uids=list(uids))}


async def card_ids_of_codes(conn: Connection, code_hashes: Sequence[bytes]) -> dict[bytes, UUID]:
    """The cards of printed codes."""
    rows = queries.card_ids_of_codes(conn, code_hashes=list(code_hashes))
    return {row["code_hash"]: row["id"] async for row in rows}


async def card_ids_of_person(conn: Connection, person_id: UUID) -> list[UUID]:
    """All cards on a person's wallet."""
    return [row["id"] async for row in queries.card_ids_of_person(conn, person_id=person_id)]


async def wallets(conn: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these wallets that there are."""
    return {row["id"] async for row in queries.wallets(conn, ids=list(ids))}


async def insert_cards(
    conn: Connection, cards: Sequence[tuple[NewCard, UUID]], key_version: int, now: datetime
) -> set[UUID]:
    """Write cards with their wallets; the ids of those that are new."""
    rows = queries.insert_cards(
        conn,
        ids=[card.id for card, _ in cards],
        uids=[card.uid for card, _ in cards],
        wallet_ids=[wallet_id for _, wallet_id in cards],
        code_hashes=[card.code_hash for card, _ in cards],
        key_version=key_version,
        labels=[card.label for card, _ in cards],
        now=now,
    )
    return {row["id"] async for row in rows}


async def block_cards(conn: Connection, reasons: Mapping[UUID, BlockReason], now: datetime) -> None:
    """Block cards that are locked."""
    await queries.block_cards(conn, ids=list(reasons), reasons=list(reasons.values()), now=now)


async def unblock_cards(conn: Connection, ids: Sequence[UUID]) -> None:
    """Lift the blocks of cards that are locked."""
    await queries.unblock_cards(conn, ids=list(ids))


async def limit_cards(conn: Connection, limits: Mapping[UUID, Cents | None]) -> None:
    """Say what cards that are locked may spend on a day; None for anything."""
    await queries.limit_cards(conn, ids=list(limits), limits=list(limits.values()))


async def lock_turn_of_new_cards(conn: Connection) -> None:
    """Lock the registration of cards."""
    await _lock_turn(conn, "new cards")


async def _lock_turn(conn: Connection, what: str) -> None:
    async for _ in queries.lock_turn_of_new_cards(conn, what=what):
        return


async def move_cards(conn: Connection, from_wallet_id: UUID, to_wallet_id: UUID) -> None:
    """Put all cards of a wallet onto another one."""
    await queries.move_cards(conn, from_wallet_id=from_wallet_id, to_wallet_id=to_wallet_id)


async def note_link(conn: Connection, ids: Sequence[UUID], card_id: UUID, label: str | None, now: datetime) -> None:
    """Assign cards to a person, and set the label of the presented one."""
    await queries.note_link(conn, ids=list(ids), card_id=card_id, label=label, now=now)


async def replace_card(conn: Connection, old_id: UUID, new_id: UUID, day: date, now: datetime) -> None:
    """Put a new card in the place of an old one, which is blocked for ever."""
    await queries.stand_in(conn, old_id=old_id, new_id=new_id, now=now)
    await queries.stand_in_pin(conn, old_id=old_id, new_id=new_id)
    await queries.stand_in_day(conn, old_id=old_id, new_id=new_id, day=day)
    await queries.end_replaced(conn, old_id=old_id, new_id=new_id, now=now)


async def forget_words(conn: Connection, ids: Sequence[UUID]) -> None:
    """Erase what a person called their cards."""
    await queries.forget_words(conn, ids=list(ids))


async def card_position(conn: Connection) -> int:
    """What was written by transactions below it is visible."""
    return cast("int", await queries.card_position(conn))


async def cards_changed(conn: Connection, since: int) -> list[CardChange]:
    """Cards that were written by a transaction of this number or a later one."""
    rows = queries.cards_changed(conn, since=since)
    return [CardChange((row["uid"].hex().upper(), row["counter"], row["blocked"]), row["xid"]) async for row in rows]


async def all_cards(conn: Connection) -> bytes:
    """Return all cards as JSON text."""
    written: str = await queries.all_cards(conn)
    return written.encode()
