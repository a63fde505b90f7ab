"""The PIN of a card: for what is above the cap of one tap. Each try is counted before it is looked at."""

from datetime import datetime
from uuid import UUID

from virage.identity.people.types import PinVerifier
from virage.money.wallet.cards.rules.cards import NOT_FOUND, PIN_TRIES_MAX, BlockReason, PinTry, Reason
from virage.money.wallet.cards.store import cards as stored
from virage.money.wallet.cards.store import taps as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused


async def set_card_pin(
    conn: Connection, card_id: UUID, owner_id: UUID, pin: PinVerifier, now: datetime
) -> Refused | None:
    """Give an owner's card this PIN instead of the one before; `pin` was computed outside of any transaction."""
    await stored.lock_cards(conn, [card_id])
    owned = (await stored.owned_cards(conn, [card_id])).get(card_id)
    if owned is None or owned.owner_id != owner_id:
        return NOT_FOUND
    await store.put_card_pin(conn, card_id, pin, now)
    await append(conn, [Fact("card_pin_set", owner_id, card_id)], now)
    return None


async def begin_pin_try(conn: Connection, card_id: UUID) -> PinTry | Refused:
    """Count a try at a PIN, in a transaction of its own; then look (`PinTry.right`) and end the try (`end_pin_try`)."""
    card = (await stored.lock_cards(conn, [card_id])).get(card_id)
    if card is None:
        return NOT_FOUND
    if card.blocked_reason is not None:
        return Refused(Reason.CARD_BLOCKED, {"reason": card.blocked_reason})
    tried = await store.count_pin_try(conn, card_id)
    if tried is None:
        return Refused(Reason.PIN_NOT_SET)
    if tried.tries > PIN_TRIES_MAX:  # others were begun at the same moment, and the last of them will block the card
        return Refused(Reason.CARD_BLOCKED, {"reason": BlockReason.PIN}, commit=True)
    return tried


async def end_pin_try(conn: Connection, tried: PinTry, *, right: bool, now: datetime) -> Refused | None:
    """Forget the tries after a right PIN; after the fifth wrong one block the card until its owner unblocks it."""
    card = (await stored.lock_cards(conn, [tried.card_id])).get(tried.card_id)
    if card is None:
        return NOT_FOUND
    if card.blocked_reason is not None:
        return Refused(Reason.CARD_BLOCKED, {"reason": card.blocked_reason})
    if right:
        await store.forgive_pin_tries(conn, [card.id])
        return None
    left = PIN_TRIES_MAX - tried.tries
    if left <= 0:
        await stored.block_cards(conn, {card.id: BlockReason.PIN}, now)
        await append(conn, [Fact("card_blocked", None, card.id, {"reason": BlockReason.PIN})], now)
    return Refused(Reason.PIN_WRONG, {"tries_left": max(0, left)}, commit=True)
