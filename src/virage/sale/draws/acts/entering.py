"""People enter a draw, change or withdraw their entry, and are erased."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import EmailKind
from virage.money.payments import api as payments
from virage.money.payments.types import NewSavedCard, SavedCard, SavedCardState
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.data.queue import enqueue
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused, invalid_input
from virage.sale.draws.acts.emails import notify
from virage.sale.draws.acts.waiting import give_back
from virage.sale.draws.rules.setup import check_entry, highest_price, takes_entries
from virage.sale.draws.rules.terms import CODE_LENGTH, SEAT_NEEDS, WINNING, DrawRefusal, EntryContent, EntryRow
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.ticketing import api as ticketing
from virage.site.pages import api as pages
from virage.site.programme import api as programme

CONFIRMED_AT_ONCE: Final = 500
FORGET_JOB: Final = "draws.forget_card"
_SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class DrawEntryRequest(EntryContent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person asks for. `method_id`, which the client makes, is the card that is charged if they win.

    `consents`: the person agrees that it is charged without them. `needs_consent`: they agree that `wheelchair` and
    `needs`, which are health data, are stored until the entry or the draw ends. `terms` is the version of the terms of
    sale that they accept.
    """

    method_id: UUID
    consents: bool
    needs_consent: bool = False
    terms: UUID | None = None


class CardToForget(Struct, frozen=True):
    """Payload of the job: the card of an erased entrant."""

    method_id: UUID


class Entered(Struct, frozen=True):
    """An entry and its card, whose page must be opened while it is open."""

    entry: EntryRow
    card: SavedCard


async def enter(  # noqa: C901, PLR0911, PLR0912 - each reason by its name
    conn: Connection, draw_id: UUID, person_id: UUID, request: DrawEntryRequest, *, return_url: str, now: datetime
) -> Entered | Refused:
    """Enter a draw, or change one's entry: a person has one, whichever tab asks. It counts once its card is saved.

    Another card replaces the previous one. It is charged at most the highest price of the entry of now. Refusals:
    `unauthenticated`, `not_found`, `draw_not_open`, `event_cancelled`, `party_invalid`, `limit_reached`,
    `category_unknown`, `terms_not_accepted`, `invalid_input`, `consent_required`, `method_failed`, `method_id_taken`.
    """
    if await people.lock_person(conn, person_id) is None:  # who is erased meanwhile enters nothing
        return Refused(DrawRefusal.UNAUTHENTICATED)
    draw = await store.lock_draw(conn, draw_id)
    event = None if draw is None else await programme.event(conn, draw.event_id)
    if draw is None or draw.state == "draft" or event is None:
        return Refused(DrawRefusal.NOT_FOUND)
    if event.state == "cancelled":
        return Refused(DrawRefusal.EVENT_CANCELLED)
    if not takes_entries(draw, now):
        return Refused(DrawRefusal.NOT_OPEN, {"closes_at": draw.closes_at})
    if not request.consents:
        return Refused(DrawRefusal.CONSENT_MISSING)
    if (request.wheelchair or request.needs) and not request.needs_consent:
        return invalid_input("needs_consent", "Needs of access are stored only with consent.")
    terms = await pages.terms_in_force(conn)
    if terms and request.terms not in terms:
        return Refused(DrawRefusal.TERMS_NOT_ACCEPTED)
    refusal = check_entry(request, draw, event)
    if refusal is not None:
        return refusal
    before = await entries_store.entry_of_person(conn, draw_id, person_id)
    entry_id = new_id() if before is None else before.id
    card = await payments.keep(conn, NewSavedCard(request.method_id, entry_id, return_url), now)
    if isinstance(card, Refused):
        return card
    if card.state is SavedCardState.FAILED:
        return Refused(DrawRefusal.METHOD_FAILED, {"reason": card.reason})
    positions = [quota.category_id for quota in draw.quotas]
    entry = EntryRow(
        id=entry_id,
        draw_id=draw_id,
        person_id=person_id,
        code=new_code() if before is None else before.code,
        party=request.party,
        wheelchair=request.wheelchair,
        wishes=[positions.index(category_id) for category_id in request.wishes],
        any_other=request.any_other,
        method_id=request.method_id,
        terms=request.terms,
        state="entered",
        entered_at=now if before is None else before.entered_at,
        confirmed_at=None,
        number=None,
        category=None,
        order_id=None,
        payment_id=None,
        pays_until=None,
        reason=None,
        size=request.party.size,
        told_at=None,
        needs=[need for need in SEAT_NEEDS if need in request.needs],
        unmet=None,
    )
    if before is None:
        await entries_store.insert_entry(conn, entry)
        await append(conn, [Fact("draw_entered", person_id, entry_id, {"draw": draw_id})], now)
    else:
        same_card = before.method_id == request.method_id
        if not same_card:
            await payments.forget(conn, [before.method_id], now)
        entry = replace(entry, confirmed_at=before.confirmed_at if same_card else None)
        if entry != before:
            await entries_store.change_entry(conn, entry)
            await append(conn, [Fact("draw_entry_changed", person_id, entry_id, {"draw": draw_id})], now)
    pricing = await ticketing.load_pricing(conn, draw.event_id)
    await entries_store.set_charge_max(conn, entry_id, highest_price(request, positions, pricing))
    return Entered(entry, card)


async def withdraw(conn: Connection, draw_id: UUID, person_id: UUID, now: datetime) -> Refused | None:
    """Withdraw one's entry while the draw is open; its card is forgotten. A repeated request changes nothing.

    Refusals: `not_found`, `draw_not_open`.
    """
    draw = await store.lock_draw(conn, draw_id)
    if draw is None:
        return Refused(DrawRefusal.NOT_FOUND)
    entry = await entries_store.entry_of_person(conn, draw_id, person_id)
    if entry is None:
        return None
    if not takes_entries(draw, now):
        return Refused(DrawRefusal.NOT_OPEN, {"closes_at": draw.closes_at})
    await entries_store.drop_entry(conn, entry.id)
    await append(conn, [Fact("draw_entry_withdrawn", person_id, entry.id, {"draw": draw_id})], now)
    await payments.forget(conn, [entry.method_id], now)
    return None


async def confirm(conn: Connection, draw_id: UUID, after: UUID, now: datetime) -> UUID | None:
    """Confirm a batch of entries whose card is saved, and tell their persons; return the last id of the batch.

    None if there are no more entries after `after`.
    """
    draw = await store.lock_draw(conn, draw_id)
    waiting = await entries_store.unconfirmed(conn, draw_id, after, CONFIRMED_AT_ONCE)
    if draw is None or not waiting:
        return None
    cards = await payments.methods(conn, [entry.method_id for entry in waiting])
    saved = [entry.id for entry in waiting if cards[entry.method_id].state is SavedCardState.SAVED]
    if saved:
        confirmed = await entries_store.confirm(conn, saved, now)
        await append(conn, [Fact("draw_entry_confirmed", None, id_, {"draw": draw_id}) for id_ in confirmed], now)
        await notify(conn, EmailKind.DRAW_ENTERED, confirmed.items(), now, expires_at=draw.draws_at)
    return waiting[-1].id


async def erased(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:
    """Forget an erased person: their entry goes before the freeze. Later its code stays, and what it won is released.

    Open orders of the person are released with their other orders.
    """
    await store.lock_draws_of_person(conn, person_id)
    found = await entries_store.entries_of_person(conn, person_id)
    if not found:
        return None
    draws = await store.draws(conn, [entry.draw_id for entry in found])
    gone = [entry for entry in found if draws[entry.draw_id].frozen_at is None]
    for entry in gone:
        await entries_store.drop_entry(conn, entry.id)
    kept = [entry for entry in found if entry not in gone]
    await entries_store.forget_person(conn, [entry.id for entry in kept])
    await append(
        conn, [Fact("draw_entry_erased", person_id, entry.id, {"draw": entry.draw_id}) for entry in found], now
    )
    for entry in kept:
        if entry.state in (*WINNING, "waiting"):
            await give_back(conn, draws[entry.draw_id], [entry], "erased", now)
    cards = [CardToForget(entry.method_id) for entry in found]
    await enqueue(conn, FORGET_JOB, cards)  # cards are locked late, and other domains come after this one
    return None


async def forget_card(conn: Connection, card: CardToForget, now: datetime) -> None:
    """Forget the card of an erased person."""
    await payments.forget(conn, [card.method_id], now)


def new_code() -> str:
    """Return a random code of an entry: twelve characters that are not confused when read out, 60 bits."""
    drawn = secrets.token_bytes(CODE_LENGTH)
    return "".join(_SIGNS[byte & 31] for byte in drawn)
