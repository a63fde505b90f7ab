"""The contactless cards of the demo: personalised as by `virage cards`, topped up at a till, one linked to a fan."""

from datetime import datetime
from typing import Final
from uuid import UUID

from virage.demo.ids import demo_id
from virage.demo.programme import done
from virage.demo.tills import POSTS, WRITTEN, signed_load
from virage.money.fiscal.types import stamp
from virage.money.wallet.accounts.types import AccountSettings, DeskTender
from virage.money.wallet.cards import api as cards
from virage.money.wallet.cards.api import CardSecrets, card_of_uid
from virage.money.wallet.cards.types import CHIPS, FANS, NOBODYS, CardSettings, NewCard, Seen, Tap, masked
from virage.money.wallet.funding import api as funding
from virage.money.wallet.funding.api import desk_limits_of, empty_closed
from virage.money.wallet.funding.types import DeskRecord
from virage.platform.data.database import Connection
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id

NOBODYS_CENTS: Final = 4_000
FANS_CENTS: Final = 8_000
FANS_DAILY_CENTS: Final = 2_500
LINKED_AT: Final = 1
"""Tap counter with which the fan's card was linked."""


async def load_cards(conn: Connection, config: Config, fan_id: UUID, cashier: UUID, now: datetime) -> None:
    """Create the cards and top them up at the first till, unless they exist; their owners may have changed."""
    secrets = cards.open_card_secrets(config)
    if secrets is None or await card_of_uid(conn, NOBODYS) is not None:
        return
    ids = {uid: demo_id(f"card {uid.hex()}", WRITTEN) for uid in CHIPS}
    wishes = [NewCard(ids[uid], uid, secrets.codes.hash(secrets.codes.printed(uid))) for uid in CHIPS]
    for outcome in await cards.personalise(conn, wishes, who=None, now=now):
        done(outcome)
    await _link(conn, config, secrets, fan_id, now)
    (limited,) = await cards.limit_cards(conn, [cards.DailyLimitRequest(ids[FANS], fan_id, FANS_DAILY_CENTS)], now)
    done(limited)
    for uid, cents in ((NOBODYS, NOBODYS_CENTS), (FANS, FANS_CENTS)):
        owned = await card_of_uid(conn, uid)
        assert owned is not None  # noqa: S101 - created above
        record = DeskRecord(
            at=stamp(now),
            cashier=cashier,
            cents=cents,
            id=demo_id(f"load {uid.hex()}", WRITTEN),
            outlet=POSTS[0].outlet,
            purse=masked(owned.card.wallet_id),
            slip=None,
            tender=DeskTender.CASH,
            till=POSTS[0].till_id,
        )
        ask = funding.DeskRequest(signed_load(config, POSTS[0], record), ids[uid], None)
        limits = desk_limits_of(config)
        done(await funding.book_at_desk(conn, ask, limits, cap_cents=config.of(CardSettings).tap_cap_cents, now=now))


async def _link(conn: Connection, config: Config, secrets: CardSecrets, fan_id: UUID, now: datetime) -> None:
    """Link a card to the fan, as by a tap on a phone and its printed code."""
    tap = Tap(new_id(), Seen(FANS, LINKED_AT))
    code_hash = secrets.codes.hash(secrets.codes.printed(FANS))
    link = cards.Link(tap, code_hash, fan_id)
    linked = await cards.link_card(
        conn, link, wallet_max_cents=config.of(AccountSettings).purse_cents_max, empty_closed=empty_closed, now=now
    )
    done(linked)
