"""Cards are made, linked, limited, blocked, replaced. The journal knows them by their ids alone."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.accounts.api import has_moved, wallet_of
from virage.money.wallet.cards.acts.taps import take_taps
from virage.money.wallet.cards.rules.cards import (
    NOT_FOUND,
    BlockReason,
    Card,
    CardCodes,
    NewCard,
    OwnedCard,
    Reason,
    Tap,
    may_block,
    may_limit,
    may_link,
    may_replace,
    may_unblock,
    still_looks,
)
from virage.money.wallet.cards.rules.sun import KEY_BYTES, KEY_VERSION, CardKeys
from virage.money.wallet.cards.settings import CardSettings
from virage.money.wallet.cards.store import cards as store
from virage.money.wallet.cards.store import taps as stored_taps
from virage.platform.data.database import Connection, Contended
from virage.platform.data.journal import Fact, append
from virage.platform.settings.config import Config
from virage.platform.values.days import local_day
from virage.platform.values.derivation import derive
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

DEMO_PURPOSE: Final = "virage:wallet:card-key:v1"


class CardSecrets(Struct, frozen=True):
    """What taps are checked with and cards are found by; it never leaves the server."""

    keys: CardKeys
    codes: CardCodes


class Block(Struct, frozen=True):
    """A card to block. `owner_id` is the owner who asks; None: the staff, `who` of it (None: from the machine)."""

    card_id: UUID
    reason: BlockReason
    who: UUID | None
    owner_id: UUID | None = None


class OwnersCard(Struct, frozen=True):
    """A card, and the person who says that it is theirs."""

    card_id: UUID
    owner_id: UUID


class DailyLimitRequest(Struct, frozen=True):
    """What a card may spend on a day from now on, as its owner wishes; None for anything.

    `confirmed`: who asks signed in a moment ago.
    """

    card_id: UUID
    owner_id: UUID
    daily_limit_cents: Cents | None
    confirmed: bool = False


class EmptyClosed(Protocol):
    """How a closed wallet is emptied of what came later: the domain that sends money back knows."""

    async def __call__(self, conn: Connection, wallet_id: UUID, now: datetime) -> None:
        """Empty the closed wallet of an erased person."""
        ...


class Link(Struct, frozen=True):
    """A card that a fan tapped and whose printed code they typed."""

    tap: Tap
    code_hash: bytes
    owner_id: UUID
    label: str | None = None


class Linked(Struct, frozen=True):
    """A card is the fan's. `left_wallet_id` is the wallet that it was on: its balance goes where the card went."""

    card_id: UUID
    wallet_id: UUID
    left_wallet_id: UUID | None


class Replacement(Struct, frozen=True):
    """A card that is lost or broken, and the code printed on the fresh one that is handed out for it."""

    card_id: UUID
    new_code_hash: bytes
    who: UUID | None


class Replaced(Struct, frozen=True):
    """A new card stands on the old one's wallet."""

    card_id: UUID
    new_card_id: UUID
    wallet_id: UUID


def open_card_secrets(config: Config) -> CardSecrets | None:
    """Return the deployment's secrets of cards; a demonstration without a key makes one. None: there are no cards."""
    card_key = config.of(CardSettings).card_key
    if card_key is not None:
        master = bytes.fromhex(card_key)
    elif config.demo:
        master = derive(config.secret, DEMO_PURPOSE)[:KEY_BYTES]
    else:
        return None
    return CardSecrets(CardKeys(master), CardCodes(master))


async def personalise(
    conn: Connection, cards: Sequence[NewCard], *, who: UUID | None, now: datetime
) -> list[Card | Refused]:
    """Register chips as cards; one outcome each, in order. Registering the same card again returns it.

    Refused for an unknown wallet, and for a chip registered with other keys or another wallet.
    """
    await store.lock_turn_of_new_cards(conn)
    given = await store.wallets(conn, [card.wallet_id for card in cards if card.wallet_id is not None])
    before = await store.card_ids_of_uids(conn, [card.uid for card in cards])
    new = {card.uid: card for card in cards if card.uid not in before and card.wallet_id in (None, *given)}
    await accounts.open_wallets(conn, dict.fromkeys(c.id for c in new.values() if c.wallet_id is None), now)
    with_wallets = [(card, card.wallet_id or card.id) for card in new.values()]
    written = await store.insert_cards(conn, with_wallets, KEY_VERSION, now)
    await append(conn, [Fact("card_personalised", who, card_id) for card_id in sorted(written)], now)
    ids = await store.card_ids_of_uids(conn, [card.uid for card in cards])
    known = {owned.card.uid: owned for owned in (await store.owned_cards(conn, list(ids.values()))).values()}
    return [_made(card, known.get(card.uid), given) for card in cards]


def _made(wish: NewCard, owned: OwnedCard | None, wallets: Collection[UUID]) -> Card | Refused:
    if owned is None:
        return Refused(Reason.ID_REUSED) if wish.wallet_id in (None, *wallets) else NOT_FOUND
    other_wallet = wish.wallet_id is not None and owned.card.wallet_id != wish.wallet_id
    if owned.code_hash != wish.code_hash or other_wallet:
        return Refused(Reason.UID_TAKEN, {"card_id": owned.card.id})
    return owned.card


async def block_cards(conn: Connection, blocks: Sequence[Block], now: datetime) -> list[Refused | None]:
    """Block cards, at once; one outcome a card, in order. What the staff blocked its owner's word does not change."""
    known = await locked(conn, [block.card_id for block in blocks])
    outcomes = [may_block(known.get(block.card_id), block.owner_id) for block in blocks]
    reasons, facts = {}, []
    for block, refusal in zip(blocks, outcomes, strict=True):
        before = None if refusal is not None else known[block.card_id].card.blocked_reason
        if refusal is not None or before == block.reason or (before is not None and block.owner_id is not None):
            continue
        reasons[block.card_id] = block.reason
        facts.append(Fact("card_blocked", block.who, block.card_id, {"reason": block.reason}))
    if reasons:
        await store.block_cards(conn, reasons, now)
        await append(conn, facts, now)
    return outcomes


async def unblock_cards(conn: Connection, wishes: Sequence[OwnersCard], now: datetime) -> list[Refused | None]:
    """Lift blocks that are their owners' to lift, and the tries at the PIN with them."""
    known = await locked(conn, [wish.card_id for wish in wishes])
    outcomes = [may_unblock(known.get(wish.card_id), wish.owner_id) for wish in wishes]
    lifted = {
        wish.card_id: wish.owner_id
        for wish, refusal in zip(wishes, outcomes, strict=True)
        if refusal is None and known[wish.card_id].card.blocked_reason is not None
    }
    if lifted:
        await store.unblock_cards(conn, list(lifted))
        await stored_taps.forgive_pin_tries(conn, list(lifted))
        await append(conn, [Fact("card_unblocked", owner_id, card_id) for card_id, owner_id in lifted.items()], now)
    return outcomes


async def limit_cards(conn: Connection, wishes: Sequence[DailyLimitRequest], now: datetime) -> list[Refused | None]:
    """Say what cards may spend on a day: less at once, more after a fresh sign-in."""
    known = await locked(conn, [wish.card_id for wish in wishes])
    outcomes: list[Refused | None] = []
    limits, facts = {}, []
    for wish in wishes:
        owned = known.get(wish.card_id)
        refusal = may_limit(owned, wish.owner_id, wish.daily_limit_cents, confirmed=wish.confirmed)
        outcomes.append(refusal)
        if refusal is None:
            limits[wish.card_id] = wish.daily_limit_cents
            facts.append(Fact("card_limited", wish.owner_id, wish.card_id, {"cents": wish.daily_limit_cents}))
    if limits:
        await store.limit_cards(conn, limits)
        await append(conn, facts, now)
    return outcomes


async def link_card(
    conn: Connection, link: Link, *, wallet_max_cents: Cents, empty_closed: EmptyClosed, now: datetime
) -> Linked | Refused:
    """Link an anonymous card to the fan's wallet. A fresh tap and the printed code prove that the fan holds the card.

    All cards of its wallet are linked, since each can spend its balance. A fan without a wallet gets the card's.
    Linking again changes nothing.
    """
    if link.tap.seen is None:
        return Refused(Reason.TAP_FORGED)
    await accounts.lock_turn_of_person(conn, link.owner_id)
    card_id = (await store.card_ids_of_uids(conn, [link.tap.seen.uid])).get(link.tap.seen.uid)
    if card_id is None:
        return Refused(Reason.CARD_UNKNOWN)
    owned, beside = await _locked_with_wallet(conn, card_id)
    (tap,) = await take_taps(conn, [link.tap], now)
    fresh = tap if isinstance(tap, Refused) else still_looks(tap, now)
    refusal = fresh if isinstance(fresh, Refused) else may_link(owned, link.code_hash, link.owner_id)
    if refusal is not None:
        return refusal
    before = owned.card.wallet_id
    if owned.owner_id is not None:
        return Linked(card_id, before, None)
    wallet = await wallet_of(conn, link.owner_id)
    both = {before} if wallet is None else {before, wallet.id}
    held = await accounts.lock_wallets(conn, sorted(both))  # before transactions that grant bonus to either
    if held[before].frozen_at is not None:  # whose it was is erased: what is or moved in it is not the next holder's
        await empty_closed(conn, before, now)
        wallet = wallet or await accounts.ensure_wallet(conn, link.owner_id, now)
    now_on = before if wallet is None else wallet.id
    if wallet is None:
        await accounts.own_wallet(conn, before, link.owner_id)
    else:
        await store.move_cards(conn, before, now_on)
        refusal = await accounts.move_balance(conn, before, now_on, card_id, wallet_max_cents=wallet_max_cents, now=now)
        if refusal is not None:
            return refusal
        await accounts.close_wallet(conn, before, now)  # without a card or an owner it could not be emptied
    await store.note_link(conn, beside, card_id, link.label, now)
    facts = [Fact("card_linked", link.owner_id, one, {"purse": now_on}) for one in sorted(beside)]
    await append(conn, facts, now)
    return Linked(card_id, now_on, None if wallet is None else before)


async def replace_card(conn: Connection, wish: Replacement, *, zone: ZoneInfo, now: datetime) -> Replaced | Refused:
    """Replace a card by a new one with its wallet, label, limit and PIN, and block the old one for ever.

    The wallet of a new card must never have held money: it may belong to another person, and the law forbids moving
    money between anonymous cards (Directive (EU) 2018/843, article 12). A repeated replacement by the same card is
    idempotent.
    """
    new_id = (await store.card_ids_of_codes(conn, [wish.new_code_hash])).get(wish.new_code_hash)
    if new_id is None:
        return Refused(Reason.CODE_WRONG)
    seen = await store.owned_cards(conn, [wish.card_id, new_id])
    if wish.card_id not in seen:
        return NOT_FOUND
    wallet_ids = {owned.card.wallet_id for owned in seen.values()}
    await store.lock_cards_of_wallets(conn, list(wallet_ids))
    locked = await store.owned_cards(conn, [wish.card_id, new_id])
    if {owned.card.wallet_id for owned in locked.values()} != wallet_ids:
        raise Contended("A card was linked to another wallet meanwhile.")
    old, new = locked[wish.card_id], locked[new_id]
    if old.card.replaced_by == new_id:
        return Replaced(wish.card_id, new_id, old.card.wallet_id)
    on_its_wallet = len(await store.lock_cards_of_wallets(conn, [new.card.wallet_id]))
    refusal = may_replace(old, new, on_its_wallet) if old.card.id != new_id else Refused(Reason.CARD_IN_USE)
    if refusal is not None:
        return refusal
    await accounts.lock_wallets(conn, [new.card.wallet_id])  # before transactions that grant bonus to it
    if await has_moved(conn, new.card.wallet_id):
        return Refused(Reason.CARD_IN_USE)
    await store.replace_card(conn, wish.card_id, new_id, local_day(now, zone), now)
    await append(conn, [Fact("card_replaced", wish.who, wish.card_id, {"by": new_id})], now)
    return Replaced(wish.card_id, new_id, old.card.wallet_id)


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Forget what a person called their cards, their PINs and limits: who holds a card may go on spending it."""
    ids = await store.card_ids_of_person(conn, person_id)
    await store.lock_cards(conn, ids)
    await store.forget_words(conn, ids)
    await store.limit_cards(conn, dict.fromkeys(ids))
    await stored_taps.drop_card_pins(conn, ids)
    await append(conn, [Fact("card_forgotten", person_id, card_id) for card_id in ids], now)
    return None


async def locked(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, OwnedCard]:
    """Cards locked in order, then read with their owners, which change under the lock of a card alone."""
    await store.lock_cards(conn, ids)
    return await store.owned_cards(conn, ids)


async def _locked_with_wallet(conn: Connection, card_id: UUID) -> tuple[OwnedCard, list[UUID]]:
    """A card with all cards of its wallet locked, in order; raises `Contended` when it went elsewhere meanwhile."""
    seen = (await store.owned_cards(conn, [card_id]))[card_id]
    beside = await store.lock_cards_of_wallets(conn, [seen.card.wallet_id])
    locked = (await store.owned_cards(conn, [card_id]))[card_id]
    if locked.card.wallet_id != seen.card.wallet_id:
        raise Contended("The card was linked to another wallet meanwhile.")
    return locked, beside
