"""The doors of cards: a fan's own, the desk's, and the page that a tap opens."""

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from msgspec import Meta, Struct

from virage.identity.people import api as people
from virage.identity.people.types import PeopleConfig
from virage.money.wallet.accounts.api import available
from virage.money.wallet.accounts.types import AccountSettings
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.card_pins import set_card_pin
from virage.money.wallet.cards.reads import cards as reads
from virage.money.wallet.cards.reads.cards import DeskCard, MyCard
from virage.money.wallet.cards.routes.card_desk import CardDesk, to_strangers
from virage.money.wallet.cards.routes.labels import label_of
from virage.money.wallet.cards.rules.cards import (
    BlockReason,
    DailyLimit,
    OwnedCard,
    Reason,
    StaffReason,
    as_code,
    masked,
)
from virage.money.wallet.cards.rules.sun import (
    CMAC_SHOWN,
    COUNTER_SHOWN,
    ENC,
    ENC_BLOCKS_MAX,
    PICC_DATA,
    UID_SHOWN,
    SunMessage,
    is_spelled,
    look_id,
)
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import FRESH_FOR, Principal, fresh, holds, require, require_fan, signed_in, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, delete, get, mount, post, put

PRIVATE = {"cache-control": "no-store"}
Uid = Annotated[str, Meta(pattern=UID_SHOWN, max_length=14)] | None
Counter = Annotated[str, Meta(pattern=COUNTER_SHOWN, max_length=6)] | None
PiccData = Annotated[str, Meta(pattern=PICC_DATA, max_length=32)] | None
Mac = Annotated[str, Meta(pattern=CMAC_SHOWN, min_length=16, max_length=16)]
Enc = Annotated[str, Meta(pattern=ENC, max_length=32 * ENC_BLOCKS_MAX)] | None
Answer = TypeVar("Answer")
Typed = Annotated[str, Meta(max_length=40)]


class CardLink(Struct, frozen=True, forbid_unknown_fields=True):
    """A card that I hold: what it showed at a tap of the last five minutes, and the code printed on it."""

    tap: SunMessage
    code: Typed
    label: Annotated[str, Meta(max_length=200)] | None = None


class CardLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """What a card may spend on a day; null for anything."""

    daily_limit_cents: DailyLimit | None


class CardPin(Struct, frozen=True, forbid_unknown_fields=True):
    """The PIN of a card, 6 to 12 digits."""

    pin: Annotated[str, Meta(max_length=40)]


class PrintedCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The ten signs printed on a card, as they were typed."""

    code: Typed


class CardBlock(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the staff blocks a card."""

    reason: StaffReason


class TapPage(Struct, frozen=True):
    """The page of a tap. `wallet` is a part of the wallet id that distinguishes wallets.

    The bearer of a card may spend its balance, and so may see it. `card_id` is for its owner only, because the wallet
    of an anonymous card has the same id.
    """

    card_id: UUID | None
    linked: bool
    label: str | None
    blocked: BlockReason | None
    wallet: str
    available_cents: Cents
    taken_at: datetime


@get("/cards", guards=[signed_in])
async def list_my_cards(config: Config, db: Database, clock: Clock, principal: Principal) -> list[MyCard]:
    """My cards, those that are blocked too."""
    async with db.connection() as conn:
        return await reads.cards_of(conn, require_fan(principal), zone=config.time_zone, now=clock.now())


@post("/cards", status_code=200, guards=[signed_in])
async def link_my_card(
    data: CardLink,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    principal: Principal,
    card_desk: CardDesk,
    empty_closed: acts.EmptyClosed,
) -> MyCard:
    """Put a card onto my wallet. It needs both a fresh tap and the printed code: who has both holds the card."""
    owner_id, label = require_fan(principal), label_of(data.label, "A card's name")
    tap = granted(card_desk.tap(look_id(data.tap), data.tap))
    link = acts.Link(tap, _code_hash(card_desk, data.code), owner_id, label)
    wallet_max_cents = config.of(AccountSettings).purse_cents_max

    async def put_onto(conn: Connection) -> MyCard | Refused:
        outcome = await acts.link_card(
            conn, link, wallet_max_cents=wallet_max_cents, empty_closed=empty_closed, now=clock.now()
        )
        linked = await _as_told(conn, outcome, principal)
        if isinstance(linked, Refused):
            return linked
        mine = await reads.cards_of(conn, owner_id, zone=config.time_zone, now=clock.now())
        return next(card for card in mine if card.id == linked.card_id)

    return granted(await db.transact(put_onto))


@put("/cards/{card_id:uuid}/block", status_code=204, guards=[signed_in])
async def block_my_card(card_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Block my card, at once."""
    owner_id = require_fan(principal)
    block = acts.Block(card_id, BlockReason.OWNER, owner_id, owner_id)
    (outcome,) = await db.transact(acts.block_cards, [block], clock.now())
    granted(outcome)


@delete("/cards/{card_id:uuid}/block", status_code=204, guards=[signed_in])
async def unblock_my_card(card_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Unblock my card, unless the staff blocked it. Asks for a sign-in of the last 15 minutes."""
    wish = acts.OwnersCard(card_id, require_fan(principal))
    fresh(principal, clock.now())
    (outcome,) = await db.transact(acts.unblock_cards, [wish], clock.now())
    granted(outcome)


@put("/cards/{card_id:uuid}/daily-limit", status_code=204, guards=[signed_in])
async def limit_my_card(card_id: UUID, data: CardLimit, db: Database, clock: Clock, principal: Principal) -> None:
    """Say what my card may spend on a day: a child's, for instance. More than before asks for a sign-in of the last 15
    minutes, as lifting a block does.
    """
    owner_id, since = require_fan(principal), principal.authenticated_at
    confirmed = since is not None and clock.now() - since <= FRESH_FOR
    wish = acts.DailyLimitRequest(card_id, owner_id, data.daily_limit_cents, confirmed)
    (outcome,) = await db.transact(acts.limit_cards, [wish], clock.now())
    granted(outcome)


@put("/cards/{card_id:uuid}/pin", status_code=204, guards=[signed_in])
async def set_my_card_pin(
    card_id: UUID, data: CardPin, *, db: Database, clock: Clock, people_config: PeopleConfig, principal: Principal
) -> None:
    """Choose the PIN of my card. Asks for a sign-in of the last 15 minutes."""
    owner_id = require_fan(principal)
    fresh(principal, clock.now())
    limit = await db.transact(people.limit_pins, people_config.keys, "card pin", owner_id, clock.now())
    granted(limit)  # before the slow hash
    pin = granted(await people.new_verifier(data.pin))
    granted(await db.transact(set_card_pin, card_id, owner_id, pin, clock.now()))


@post("/cards/find", status_code=200, guards=[staff("cashier", "finance")], rate="costly")
async def find_card(data: PrintedCode, db: Database, principal: Principal, card_desk: CardDesk) -> Response[DeskCard]:
    """The card on which a code is printed. The code is in the body: addresses end up in logs."""
    require_desk(principal)
    code_hash = _code_hash(card_desk, data.code)
    async with db.connection() as conn:
        owned = await reads.card_of_code(conn, code_hash)
        if owned is None:
            raise Problem(Reason.NOT_FOUND)
        return Response(await reads.at_desk(conn, owned), headers=PRIVATE)


@post("/cards/{card_id:uuid}/block", status_code=204, guards=[staff("cashier", "finance")])
async def block_card(card_id: UUID, data: CardBlock, db: Database, clock: Clock, principal: Principal) -> None:
    """Block a card that was lost, stolen, is broken or misused: its owner cannot lift that, a new card replaces it."""
    require_desk(principal)
    block = acts.Block(card_id, BlockReason(data.reason), principal.id)
    (outcome,) = await db.transact(acts.block_cards, [block], clock.now())
    granted(outcome)


@post("/cards/{card_id:uuid}/replacement", status_code=200, guards=[staff("cashier", "finance")])
async def replace_card(
    card_id: UUID,
    data: PrintedCode,
    *,
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
    card_desk: CardDesk,
) -> Response[DeskCard]:
    """Hand out the fresh card on which this code is printed, on the same wallet; the old one is blocked for ever."""
    require_desk(principal)
    fresh(principal, clock.now())
    wish = acts.Replacement(card_id, _code_hash(card_desk, data.code), principal.id)

    async def replace(conn: Connection) -> DeskCard | Refused:
        replaced = await acts.replace_card(conn, wish, zone=config.time_zone, now=clock.now())
        if isinstance(replaced, Refused):
            return replaced
        owned = await reads.card(conn, replaced.new_card_id)
        return Refused(Reason.NOT_FOUND) if owned is None else await reads.at_desk(conn, owned)

    return Response(granted(await db.transact(replace)), headers=PRIVATE)


@get("/tap", public=True, rate="write")
async def read_tap(
    cmac: Mac,
    db: Database,
    card_desk: CardDesk,
    principal: Principal,
    *,
    uid: Uid = None,
    ctr: Counter = None,
    picc_data: PiccData = None,
    enc: Enc = None,
) -> Response[TapPage]:
    """Return the page of a tap. The tap is used up: no till accepts it any more, and the page may repeat it for
    five minutes. A tap has `uid` and `ctr`, or `picc_data`.
    """
    message = SunMessage(uid=uid, ctr=ctr, picc_data=picc_data, enc=enc, cmac=cmac)
    if not is_spelled(message):
        raise Problem("invalid")
    outcome = await card_desk.look(message, principal)
    async with db.connection() as conn:
        taken = granted(await _as_told(conn, outcome, principal))
        owned = await reads.card(conn, taken.card_id)
        if owned is None:
            raise Problem(Reason.CARD_UNKNOWN)
        card, is_owner = owned.card, _is_owner(owned, principal)
        wallet_id = card.wallet_id if is_owner else taken.wallet_id  # it may have been linked since the tap
        left = await available(conn, wallet_id)
    shown = (
        card.id if is_owner else None,
        owned.owner_id is not None,
        card.label,
        card.blocked_reason,
    )
    page = TapPage(*shown, masked(wallet_id), left, taken.taken_at)
    return Response(page, headers=PRIVATE)


def require_desk(principal: Principal) -> None:
    """Raise unless who asks is cashier or finance of the whole ground: a card belongs to no outlet."""
    if not holds(principal, "finance"):
        require(principal, "cashier")


def _is_owner(owned: OwnedCard | None, principal: Principal) -> bool:
    return owned is not None and owned.owner_id is not None and owned.owner_id == principal.id


async def _as_told(conn: Connection, outcome: Answer | Refused, principal: Principal) -> Answer | Refused:
    """Return an outcome for the client: only the owner learns which card it was."""
    if not isinstance(outcome, Refused) or "card_id" not in outcome.data:
        return outcome
    owned = await reads.card(conn, outcome.data["card_id"])
    return outcome if _is_owner(owned, principal) else to_strangers(outcome)


def _code_hash(desk: CardDesk, typed: str) -> bytes:
    code = as_code(typed)
    return granted(desk.code_hash(code) if code is not None else Refused(Reason.CODE_WRONG))


mine_router = mount(
    "/api/me",
    [list_my_cards, link_my_card, block_my_card, unblock_my_card, limit_my_card, set_my_card_pin],
)
router = mount("/api/wallet", [find_card, block_card, replace_card, read_tap])
