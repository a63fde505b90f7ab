"""Routes of a till as a card desk: view a wallet, top it up, pay it out."""

from typing import Annotated, TypeVar
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.money.wallet.accounts.types import AccountSettings
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import CardDesk, to_strangers
from virage.money.wallet.cards.types import (
    ADDRESS_LENGTH_MAX,
    CardSettings,
    OwnedCard,
    SunMessage,
    Tap,
    as_code,
    look_id,
    message_of,
)
from virage.money.wallet.cards.types import Reason as CardReason
from virage.money.wallet.funding.acts import desk as acts
from virage.money.wallet.funding.reads import desk as reads
from virage.money.wallet.funding.reads.desk import DeskReceipt, WalletAtDesk
from virage.money.wallet.funding.rules.desk import DeskLimits, payout_tap_id
from virage.money.wallet.funding.rules.desk_records import DESK_RECORD_CHARS_MAX, DeskRecord, read_signed
from virage.money.wallet.funding.settings import FundingSettings
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused, invalid_input
from virage.platform.web.guard import Principal, device_at, holds
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Response, mount, post

PRIVATE = {"cache-control": "no-store"}
Answer = TypeVar("Answer")

Pin = Annotated[str, Meta(max_length=40)]


class CardShown(Struct, frozen=True, forbid_unknown_fields=True):
    """Identification of a card: `tap`, the query string of its SUN message, or `code`, the printed code."""

    tap: Annotated[str, Meta(max_length=ADDRESS_LENGTH_MAX)] | None = None
    code: Annotated[str, Meta(max_length=40)] | None = None


class WalletLookup(Struct, frozen=True, forbid_unknown_fields=True):
    """Wallet to look up. It is in the body, because addresses end up in logs."""

    by: CardShown


class DeskUpload(Struct, frozen=True, forbid_unknown_fields=True):
    """A desk record as its till uploads it. `body` is base64url of the canonical JSON of `DeskRecord`.

    `signature` is the till key's signature over `virage:load:v1`, a zero byte and the body, in base64url.
    `by` and `pin` are secrets that are not stored, so they are not signed. A PIN allows larger payouts.
    """

    body: Annotated[str, Meta(max_length=DESK_RECORD_CHARS_MAX)]
    by: CardShown
    signature: Annotated[str, Meta(max_length=100)] = ""
    pin: Pin | None = None


@post("/purse", status_code=200, guards=[device_at("till")], rate="gate")
async def look_into_wallet(
    data: WalletLookup, *, db: Database, clock: Clock, config: Config, principal: Principal, card_desk: CardDesk
) -> Response[WalletAtDesk]:
    """Return a wallet and the limits of a desk. The same tap can top it up within five minutes."""
    limits = desk_limits_of(config)
    if data.by.tap is not None:
        told(await card_desk.look(message_shown(data.by), principal))
    async with db.connection() as conn:
        owned = granted(await card_shown(conn, data.by, card_desk))
        return Response(await reads.at_desk(conn, owned, limits, clock.now()), headers=PRIVATE)


@post("/loads", status_code=200, guards=[device_at("till")], rate="gate")
async def load_wallet(
    data: DeskUpload, *, db: Database, clock: Clock, config: Config, principal: Principal, card_desk: CardDesk
) -> DeskReceipt:
    """Book a signed desk record: a top-up or payout between the till's drawer or terminal and the wallet.

    A payout needs a tap that was not used for a look-up.
    """
    till_id = principal.id or UUID(int=0)
    signed = told(read_signed(data.body, data.signature, till_id, await card_desk.till_key(till_id)))
    said = signed.said
    tap = None if data.by.tap is None else tap_of(said, data.by, card_desk)
    async with db.connection() as conn:
        card_id = granted(await card_shown(conn, data.by, card_desk)).card.id
        is_copy = tap is None or tap.seen is None or await cards.card_that_taps(conn, tap.id, tap.seen) is None
    confirmed = data.pin is not None and said.cents < 0 and not is_copy  # a copied tap does not use up a PIN try
    if confirmed:
        granted(await card_desk.confirm(card_id, data.pin or ""))
    here = holds(principal, "till", scope="outlet", scope_id=said.outlet)
    ask = acts.DeskRequest(signed, card_id, tap, here=here, confirmed=confirmed)
    limits, cap_cents = desk_limits_of(config), config.of(CardSettings).tap_cap_cents

    async def book(conn: Connection) -> DeskReceipt | Refused:
        booking = await acts.book_at_desk(conn, ask, limits, cap_cents=cap_cents, now=clock.now())
        return booking if isinstance(booking, Refused) else await reads.booked(conn, booking)

    return told(await db.transact(book))


def told(outcome: Answer | Refused) -> Answer:
    """Return the outcome, or raise its refusal without the data of the card."""
    return granted(to_strangers(outcome) if isinstance(outcome, Refused) else outcome)


def desk_limits_of(config: Config) -> DeskLimits:
    """Return the configured limits of a desk."""
    return DeskLimits(
        top_up_min_cents=config.of(FundingSettings).top_up_cents_min,
        top_up_max_cents=config.of(FundingSettings).top_up_cents_max,
        wallet_max_cents=config.of(AccountSettings).purse_cents_max,
        anonymous_max_cents=config.of(FundingSettings).anonymous_cents_max,
        anonymous_month_max_cents=config.of(FundingSettings).anonymous_month_cents_max,
        zone=config.time_zone,
    )


def tap_of(said: DeskRecord, by: CardShown, desk: CardDesk) -> Tap:
    """Return the tap of a record. A top-up may reuse the look-up's tap; a payout needs its own."""
    message = message_shown(by)
    if said.cents > 0:
        return granted(desk.tap(look_id(message), message))
    return replace(granted(desk.tap(payout_tap_id(said.till, said.id), message)), pays=True)


def message_shown(by: CardShown) -> SunMessage:
    """Return the SUN message; raise `tap_forged` for a malformed one."""
    message = message_of(f"?{by.tap}")
    if message is None:
        raise Problem(CardReason.TAP_FORGED)
    return message


async def card_shown(conn: Connection, by: CardShown, desk: CardDesk) -> OwnedCard | Refused:
    """Return the card that was tapped or whose code was typed."""
    if (by.tap is None) == (by.code is None):
        return invalid_input("by", "It names a tap or a printed code, one of them.")
    if by.code is not None:
        code = as_code(by.code)
        code_hash = desk.code_hash(code) if code is not None else Refused(CardReason.CODE_WRONG)
        if isinstance(code_hash, Refused):
            return code_hash
        owned = await cards.card_of_code(conn, code_hash)
    else:
        tap = desk.tap(UUID(int=0), message_shown(by))
        if isinstance(tap, Refused):
            return tap
        if tap.seen is None:
            return Refused(CardReason.TAP_FORGED)
        owned = await cards.card_of_uid(conn, tap.seen.uid)
    return Refused(CardReason.CARD_UNKNOWN) if owned is None else owned


router = mount("/api/till", [look_into_wallet, load_wallet])
