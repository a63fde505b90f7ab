"""Test bar: tills with keys, fans with loaded cards, two server processes."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from tests.money.fiscal.till import NOW, Till, beer, fries, refund_of
from tests.money.wallet.cards.chip import Chip, shown
from tests.money.wallet.ledger.books import DRAWER, books, loaded_wallet
from tests.zones import PARIS
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.orders.acts import kitchen
from virage.matchday.food.till.acts.selling import RecordAnswer
from virage.matchday.food.till.reads.checking import DeviationChecker
from virage.matchday.food.till.routes.uploads import RecordUpload, UploadService
from virage.matchday.food.till.rules.limits import TillLimits
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind, VerifiedRecord
from virage.money.wallet.cards.acts import cards
from virage.money.wallet.cards.acts.cards import CardSecrets
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.money.wallet.cards.rules.cards import Card, NewCard
from virage.money.wallet.cards.rules.sun import SunMessage
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Posted, Transfer, wallet_account
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Grant, Principal

CAP_CENTS = 5_000
LIMITS = TillLimits(CAP_CENTS, 3_000, 60_000, 1_500)
ROUND = [beer(1), fries(1)]  # 11.50
ROUND_CENTS = 1_150
ROUND_BACK = {700: [beer(-1)], 450: [fries(-1)], ROUND_CENTS: [beer(-1), fries(-1)]}
"""Refundable lines of a round, by amount."""


class Fan:
    """A card and its wallet."""

    def __init__(self, chip: Chip, card: Card) -> None:
        self.chip = chip
        self.card_id = card.id
        self.wallet_id = card.wallet_id

    def tap(self, counter: int | None = None) -> str:
        """Return the query string of the next tap, or of a replayed counter."""
        return query(self.chip.tap() if counter is None else self.chip.mirrored(counter))


def query(message: SunMessage) -> str:
    return urlencode(shown(message))


def by_card(cents: int, proof: str) -> list[Tender]:
    return [Tender(TenderKind.CARD, cents, proof)]


def sent(written: VerifiedRecord, *, offline: bool = False) -> RecordUpload:
    return RecordUpload(base64url(written.body), base64url(written.signature), offline)


def as_till(till: Till) -> Principal:
    return Principal("device", till.id, grants=(Grant("till", "outlet", till.outlet),))


def counter_of(db: Database, clock: Clock, secrets: CardSecrets | None) -> UploadService:
    """Upload service of a process, without cache."""
    checker = DeviationChecker(db, clock, Catalogues(db), cache_s=0)
    return UploadService(
        db, clock, CardDesk(db, clock, secrets), checker, limits=LIMITS, phone_orders=kitchen, zone=PARIS
    )


class Bar:
    """One outlet with its fans and tills."""

    def __init__(self, db: Database, clock: Clock, config: Config) -> None:
        secrets = cards.open_card_secrets(config)
        assert secrets is not None
        self.db = db
        self.secrets = secrets
        self.counters = [counter_of(db, clock, secrets) for _ in range(2)]
        self._chips = 0

    async def till(self) -> Till:
        till = Till()
        async with self.db.transaction() as conn:
            await till.pair(conn)
        return till

    async def fan(self, cents: int) -> Fan:
        """Return a fan with a loaded card."""
        chip = self._chip()
        code_hash = self.secrets.codes.hash(self.secrets.codes.printed(chip.uid))
        async with self.db.transaction() as conn:
            new = NewCard(new_id(), chip.uid, code_hash, await loaded_wallet(conn, cents))
            (made,) = await cards.personalise(conn, [new], who=None, now=NOW)
        assert isinstance(made, Card), made
        return Fan(chip, made)

    async def stranger(self) -> Fan:
        """Return a fan with an unregistered chip."""
        fan = await self.fan(0)
        fan.chip = self._chip()
        return fan

    def _chip(self) -> Chip:
        self._chips += 1
        return Chip(self.secrets.keys, bytes((4,)) + self._chips.to_bytes(6))

    async def send(self, till: Till, *records: RecordUpload, process: int = 0) -> list[RecordAnswer]:
        return await self.counters[process].sell(as_till(till), records)

    async def sell_online(
        self, till: Till, tenders: Sequence[Tender], **changes: Any
    ) -> tuple[VerifiedRecord, RecordAnswer]:
        """Make an online sale; the till continues from it only if it was booked."""
        written = till.sign(till.record(Kind.SALE, tenders=list(tenders), **{"lines": ROUND} | changes))
        (answer,) = await self.send(till, sent(written))
        if answer.outcome == "booked":
            till.keep(written)
        return written, answer

    async def sell_offline(self, till: Till, *tenders: Sequence[Tender], process: int = 0) -> list[RecordAnswer]:
        """Upload offline sales in one request."""
        sold = [till.write(Kind.SALE, lines=ROUND, tenders=list(paid)) for paid in tenders]
        return await self.send(till, *(sent(one, offline=True) for one in sold), process=process)

    async def refund(self, till: Till, sale: VerifiedRecord, cents: int, kind: TenderKind) -> RecordAnswer:
        """Refund an amount of a round: a beer, fries or both; other amounts are a beer at another price."""
        written = till.sign(
            till.record(
                Kind.REFUND,
                lines=ROUND_BACK.get(cents) or [beer(-1, cents)],
                tenders=[Tender(kind, -cents, None)],
                refund_of=refund_of(sale),
            )
        )
        (answer,) = await self.send(till, sent(written))
        if answer.outcome == "booked":
            till.keep(written)
        return answer

    async def load(self, fan: Fan, cents: int) -> None:
        """Top up a wallet in cash."""
        async with self.db.transaction() as conn:
            transfer = Transfer(new_id(), DRAWER, wallet_account(fan.wallet_id), cents, "top_up", fan.wallet_id)
            (posted,) = await ledger.post(conn, [[transfer]], NOW)
        assert isinstance(posted, Posted)

    async def balance_of(self, fan: Fan) -> int:
        async with self.db.connection() as conn:
            return int(
                await conn.fetchval("select balance_cents from wallet_ledger.account where id = $1", fan.wallet_id)
            )

    async def of_kind(self, kind: str) -> int:
        """Return the total of an account kind; the audit must be clean."""
        found = await books(self.db)
        assert found.clean, found
        return found.kinds.get(kind, 0)

    async def lost(self, till: UUID) -> list[tuple[int, str]]:
        """Return the losses of a till with their reasons."""
        async with self.db.connection() as conn:
            rows = await conn.fetch(
                "select loss_cents, loss_reason from food_till.booking "
                "inner join fiscal.record using (device_id) "
                "where record.id = booking.record_id and device_id = $1 and loss_cents > 0 order by number",
                till,
            )
        return [tuple(row) for row in rows]
