"""A till as a desk: it looks into a purse, loads it, and pays out what came in cash or by its terminal."""

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
from virage.money.wallet.funding.reads.desk import LoadBooked, PurseAtDesk
from virage.money.wallet.funding.rules.desk import DeskLimits, payout_tap_id
from virage.money.wallet.funding.rules.loads import LOAD_CHARS_MAX, LoadSaid, read_signed
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
    """How a card is known: `tap` is the query string of its SUN message, `code` what is printed on it; one of them."""

    tap: Annotated[str, Meta(max_length=ADDRESS_LENGTH_MAX)] | None = None
    code: Annotated[str, Meta(max_length=40)] | None = None


class PurseLook(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose purse. It stands in the body, for addresses end up in logs."""

    by: CardShown


class SentLoad(Struct, frozen=True, forbid_unknown_fields=True):
    """A load as its till sends it. `body`: base64url of the canonical JSON that `LoadSaid` describes, `signature`: the
    till's key's over `virage:load:v1`, a zero byte and these bytes, base64url.

    `by` shows the card, `pin` is the card's, to pay out more than one tap pays: not signed, for nobody keeps them.
    """

    body: Annotated[str, Meta(max_length=LOAD_CHARS_MAX)]
    by: CardShown
    signature: Annotated[str, Meta(max_length=100)] = ""
    pin: Pin | None = None


@post("/purse", status_code=200, guards=[device_at("till")], rate="gate")
async def look_into_purse(
    data: PurseLook, *, db: Database, clock: Clock, config: Config, principal: Principal, card_desk: CardDesk
) -> Response[PurseAtDesk]:
    """What is in a purse, and what a desk may take for it or pay out. The same tap loads it within five minutes."""
    limits = desk_limits_of(config)
    if data.by.tap is not None:
        told(await card_desk.look(message_shown(data.by), principal))
    async with db.connection() as conn:
        owned = granted(await card_shown(conn, data.by, card_desk))
        return Response(await reads.at_desk(conn, owned, limits, clock.now()), headers=PRIVATE)


@post("/loads", status_code=200, guards=[device_at("till")], rate="gate")
async def load_purse(
    data: SentLoad, *, db: Database, clock: Clock, config: Config, principal: Principal, card_desk: CardDesk
) -> LoadBooked:
    """Load a purse at a desk, or pay out of it: between the till's own drawer or terminal and the purse; no sale.

    The till signs it. A payout has a tap of its own, which was not looked at before.
    """
    till_id = principal.id or UUID(int=0)
    signed = told(read_signed(data.body, data.signature, till_id, await card_desk.till_key(till_id)))
    said = signed.said
    tap = None if data.by.tap is None else tap_of(said, data.by, card_desk)
    async with db.connection() as conn:
        card_id = granted(await card_shown(conn, data.by, card_desk)).card.id
        is_copy = tap is None or tap.seen is None or await cards.card_that_taps(conn, tap.id, tap.seen) is None
    confirmed = data.pin is not None and said.cents < 0 and not is_copy  # a copy of a tap costs its card no try
    if confirmed:
        granted(await card_desk.confirm(card_id, data.pin or ""))
    here = holds(principal, "till", scope="outlet", scope_id=said.outlet)
    ask = acts.LoadAsk(signed, card_id, tap, here=here, confirmed=confirmed)
    limits, cap_cents = desk_limits_of(config), config.of(CardSettings).tap_cap_cents

    async def load(conn: Connection) -> LoadBooked | Refused:
        loaded = await acts.load(conn, ask, limits, cap_cents=cap_cents, now=clock.now())
        return loaded if isinstance(loaded, Refused) else await reads.booked(conn, loaded)

    return told(await db.transact(load))


def told(outcome: Answer | Refused) -> Answer:
    """Return what was granted, or raise the refusal without what a till is not told of a card."""
    return granted(to_strangers(outcome) if isinstance(outcome, Refused) else outcome)


def desk_limits_of(config: Config) -> DeskLimits:
    """What the configuration allows at a desk."""
    return DeskLimits(
        load_min_cents=config.of(FundingSettings).top_up_cents_min,
        load_max_cents=config.of(FundingSettings).top_up_cents_max,
        purse_max_cents=config.of(AccountSettings).purse_cents_max,
        anonymous_max_cents=config.of(FundingSettings).anonymous_cents_max,
        anonymous_month_max_cents=config.of(FundingSettings).anonymous_month_cents_max,
    )


def tap_of(said: LoadSaid, by: CardShown, desk: CardDesk) -> Tap:
    """The tap of a load, which may have been looked at before; that of a payout pays it, and nothing else."""
    message = message_shown(by)
    if said.cents > 0:
        return granted(desk.tap(look_id(message), message))
    return replace(granted(desk.tap(payout_tap_id(said.till, said.id), message)), pays=True)


def message_shown(by: CardShown) -> SunMessage:
    """What a card mirrored; raises `tap_forged` for what no card mirrors."""
    message = message_of(f"?{by.tap}")
    if message is None:
        raise Problem(CardReason.TAP_FORGED)
    return message


async def card_shown(conn: Connection, by: CardShown, desk: CardDesk) -> OwnedCard | Refused:
    """The card that was tapped or whose code was typed."""
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


router = mount("/api/till", [look_into_purse, load_purse])
