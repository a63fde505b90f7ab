"""Cards as their owners, the desk and the operator see them: without keys, codes and what PINs are checked against."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct, to_builtins

from virage.identity.people import api as people
from virage.money.wallet.cards.rules.cards import BlockReason, Holder, Limits, OwnedCard
from virage.money.wallet.cards.rules.sun import Seen
from virage.money.wallet.cards.store import cards as store
from virage.money.wallet.cards.store import taps
from virage.platform.data.database import Connection
from virage.platform.values.days import local_day
from virage.platform.values.money import Cents


class MyCard(Struct, frozen=True):
    """A card of the fan. `spent_today_cents` is of the day in the deployment's time zone."""

    id: UUID
    label: str | None
    blocked: BlockReason | None
    blocked_at: datetime | None
    daily_limit_cents: Cents | None
    spent_today_cents: Cents
    has_pin: bool
    personalised_at: datetime
    linked_at: datetime | None


class DeskCard(Struct, frozen=True):
    """A card as the desk sees it. `holder_name` is the name of its owner, if it has one who gave one."""

    id: UUID
    wallet_id: UUID
    linked: bool
    holder_name: str | None
    label: str | None
    blocked: BlockReason | None
    blocked_at: datetime | None
    replaced_by: UUID | None
    daily_limit_cents: Cents | None


async def cards_of(conn: Connection, person_id: UUID, *, zone: ZoneInfo, now: datetime) -> list[MyCard]:
    """A person's cards in the order in which they were made, without those that were replaced."""
    ids = await store.card_ids_of_person(conn, person_id)
    owned = (await store.owned_cards(conn, ids)).values()
    limits = await taps.limits(conn, ids, local_day(now, zone))
    with_pin = await taps.cards_with_pin(conn, ids)
    standing = sorted((one.card for one in owned if one.card.replaced_by is None), key=lambda card: card.id)
    return [
        MyCard(
            id=card.id,
            label=card.label,
            blocked=card.blocked_reason,
            blocked_at=card.blocked_at,
            daily_limit_cents=card.daily_limit_cents,
            spent_today_cents=limits.get(card.id, Limits(None)).spent_cents,
            has_pin=card.id in with_pin,
            personalised_at=card.personalised_at,
            linked_at=card.linked_at,
        )
        for card in standing
    ]


async def card(conn: Connection, card_id: UUID) -> OwnedCard | None:
    """One card with its owner."""
    return (await store.owned_cards(conn, [card_id])).get(card_id)


async def card_of_uid(conn: Connection, uid: bytes) -> OwnedCard | None:
    """The card of a chip."""
    ids = await store.card_ids_of_uids(conn, [uid])
    return None if uid not in ids else await card(conn, ids[uid])


async def card_of_code(conn: Connection, code_hash: bytes) -> OwnedCard | None:
    """The card on which a code is printed."""
    ids = await store.card_ids_of_codes(conn, [code_hash])
    return None if code_hash not in ids else await card(conn, ids[code_hash])


async def at_desk(conn: Connection, owned: OwnedCard) -> DeskCard:
    """A card as the desk sees it."""
    holder = None if owned.owner_id is None else await people.person(conn, owned.owner_id)
    return DeskCard(
        id=owned.card.id,
        wallet_id=owned.card.wallet_id,
        linked=owned.owner_id is not None,
        holder_name=None if holder is None else holder.name,
        label=owned.card.label,
        blocked=owned.card.blocked_reason,
        blocked_at=owned.card.blocked_at,
        replaced_by=owned.card.replaced_by,
        daily_limit_cents=owned.card.daily_limit_cents,
    )


async def export(conn: Connection, person_id: UUID) -> Any:
    """Everything kept about a person's cards, also of those that were replaced: the chip's number and each tap too."""
    ids = await store.card_ids_of_person(conn, person_id)
    found = {card_id: owned.card for card_id, owned in (await store.owned_cards(conn, ids)).items()}
    return [
        {name: value for name, value in to_builtins(card).items() if name != "uid"}
        | {
            "uid": card.uid.hex().upper(),
            "taps": [tap.taken_at for tap in await taps.taps_of_cards(conn, [card.id])],
        }
        for card in sorted(found.values(), key=lambda card: card.id)
    ]


async def wallets_of(conn: Connection, card_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The wallet on which each card stands now."""
    return {id_: owned.card.wallet_id for id_, owned in (await store.owned_cards(conn, list(card_ids))).items()}


async def holders_at_till(conn: Connection, holders: Mapping[int, Holder]) -> dict[int, str]:
    """Return the names of card holders for a cashier, by the same keys: the label of the card, else a short name.

    Runs no query if every card has a label. Holders with neither, and erased ones, are left out.
    """
    unnamed = {one.owner_id for one in holders.values() if not one.label}
    names = await people.short_names(conn, list(unnamed)) if unnamed else {}
    shown = {key: one.label or names.get(one.owner_id) for key, one in holders.items()}
    return {key: name for key, name in shown.items() if name is not None}


async def card_that_taps(conn: Connection, tap_id: UUID, seen: Seen) -> UUID | None:
    """The card whose tap would count under this id; None for a copy and for no card of ours. Nothing is taken yet."""
    owned = await card_of_uid(conn, seen.uid)
    if owned is None:
        return None
    if seen.counter > owned.card.counter:
        return owned.card.id
    before = (await taps.taps_by_id(conn, [tap_id])).get(tap_id)
    is_its_own = before is not None and (before.card_id, before.counter) == (owned.card.id, seen.counter)
    return owned.card.id if is_its_own else None
