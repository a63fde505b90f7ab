"""Bars for a load test: paired tills, fans with cards and money, and sales that are signed
beforehand.

Each till's chain is built before the first sale is sent, so that a run measures only the server.
"""

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct
from nacl.signing import SigningKey

from benchmarks.system import System, prepare_plain
from tests.matchday.food.conftest import publish_all
from tests.matchday.food.menu.board import BOARD, COLA, CUP
from tests.money.wallet.cards.chip import Chip
from virage.demo.venues.drawing import stadium
from virage.identity.people import acts as people
from virage.identity.people.acts import devices
from virage.identity.people.rules.devices import DeviceKind, DevicePairing, OpenedPairing, PairedDevice, PairingRequest
from virage.identity.people.rules.pins import verifier_of
from virage.identity.people.rules.secrets import people_keys
from virage.identity.people.store.pins import put_pin
from virage.money.fiscal.rules.chain import Head
from virage.money.fiscal.rules.record import (
    RECORD_PURPOSE,
    Kind,
    Line,
    Record,
    Tender,
    TenderKind,
    canonical,
    hash_of,
    stamp,
    totals_of,
)
from virage.money.wallet.accounts import acts as wallets
from virage.money.wallet.cards.acts import cards
from virage.money.wallet.cards.acts.cards import DEMO_PURPOSE
from virage.money.wallet.cards.rules.cards import CardCodes, NewCard
from virage.money.wallet.cards.rules.sun import KEY_BYTES, CardKeys
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Posted, Transfer, account, wallet_account
from virage.platform.data.database import Connection, Database
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import Jwk, base64url
from virage.platform.web.guard import Grant, Principal

LOADED_CENTS = 1_000_000
A_TRANSACTION = 500
LINES = (
    Line(COLA.id, "Cola", 2, 450, COLA.vat_permille, [], deposit=False),
    Line(CUP.id, "Gobelet", 2, CUP.cents, 0, [], deposit=True),
)
TOTAL_CENTS = sum(line.cents for line in LINES)


class Seller(Struct):
    """A till with its key and its token."""

    till: str
    token: str
    outlet: str
    private: bytes
    cashier: str


class Bar(Struct):
    """Tills and buyers: the numbers of the chips, in the order of their cards."""

    sellers: list[Seller]
    chips: list[bytes]
    secret: str


class Sale(Struct):
    """A prepared request: the till's next sale."""

    seller: int
    headers: bytes
    body: bytes
    record_id: str


async def seed(system: System, tills: int, fans: int) -> Bar:
    """Pair tills at the outlets, and create so many fans, each with a card with money on it."""
    now, secret = datetime.now(UTC), system.env["VIRAGE_SECRET"]
    db = await Database.open(system.postgres.url, connections_max=2)
    try:
        async with db.transaction() as conn:
            await prepare_plain(conn)
            await publish_all(conn)
        sellers = await _sellers(db, secret, tills, now)
        codes = CardCodes(derive(secret, DEMO_PURPOSE)[:KEY_BYTES])
        chips = [bytes((4,)) + number.to_bytes(6) for number in range(fans)]
        for first in range(0, fans, A_TRANSACTION):
            async with db.transaction() as conn:
                await _fans(conn, codes, chips[first : first + A_TRANSACTION], now)
        async with db.connection() as conn:
            await conn.execute("analyze")
    finally:
        await db.close()
    return Bar(sellers, chips, secret)


async def _sellers(db: Database, secret: str, tills: int, now: datetime) -> list[Seller]:
    grant = Grant("finance")
    keys, expected, sellers = people_keys(secret), [], []
    async with db.transaction() as conn:
        person = await people.ensure_staff(conn, "finance@example.org", None, (grant,), now)
        manager = Principal("staff", person, new_id(), (grant,), now)
        outlets = itertools.cycle(outlet.code for outlet in stadium().outlets)
        for number, outlet in zip(range(tills), outlets, strict=False):
            wish = PairingRequest(new_id(), f"Till {number}", DeviceKind.TILL, posts=[outlet])
            opened = await devices.open_pairing(conn, keys, manager, wish, now)
            assert isinstance(opened, OpenedPairing), opened
            expected.append((outlet, opened))
        await put_pin(conn, person, verifier_of("482913", bytes(16), 10), now)
    async with db.transaction() as conn:
        for outlet, opened in expected:
            private = Ed25519PrivateKey.generate()
            jwk = Jwk("OKP", "Ed25519", base64url(private.public_key().public_bytes_raw()))
            paired = await devices.pair(conn, keys, DevicePairing(opened.code, jwk), now)
            assert isinstance(paired, PairedDevice), paired
            seller = Seller(str(paired.device_id), paired.token, outlet, private.private_bytes_raw(), str(person))
            sellers.append(seller)
    return sellers


async def _fans(conn: Connection, codes: CardCodes, chips: Sequence[bytes], now: datetime) -> None:
    ids = [new_id() for _ in chips]
    await wallets.open_wallets(conn, dict.fromkeys(ids), now)
    desk = account(AccountKind.CASH, "desk")
    loads = [[Transfer(new_id(), desk, wallet_account(id_), LOADED_CENTS, "top_up", id_)] for id_ in ids]
    assert all(isinstance(one, Posted) for one in await ledger.post(conn, loads, now))
    new = [NewCard(new_id(), uid, codes.hash(codes.printed(uid)), id_) for uid, id_ in zip(chips, ids, strict=True)]
    await cards.personalise(conn, new, who=None, now=now)


def sales(bar: Bar, count: int) -> list[Sale]:
    """Sales of two lines, each paid by a tap, in turn at each till."""
    keys = CardKeys(derive(bar.secret, DEMO_PURPOSE)[:KEY_BYTES])
    taps = _taps([Chip(keys, uid) for uid in bar.chips])
    heads = [Head() for _ in bar.sellers]
    signers = [SigningKey(seller.private) for seller in bar.sellers]
    made = []
    for number in range(count):
        at = number % len(bar.sellers)
        record = _record(bar.sellers[at], heads[at], next(taps))
        body = canonical(record)
        heads[at] = Head(record.number, hash_of(body))
        signature = signers[at].sign(RECORD_PURPOSE + body).signature
        upload = {"records": [{"body": base64url(body), "signature": base64url(signature)}]}
        headers = b"authorization: Bearer %b\r\n" % bar.sellers[at].token.encode()
        made.append(Sale(at, headers, msgspec.json.encode(upload), str(record.id)))
    return made


def _taps(chips: Sequence[Chip]) -> Iterator[str]:
    for chip in itertools.cycle(chips):
        message = chip.tap()
        yield f"uid={message.uid}&ctr={message.ctr}&cmac={message.cmac}"


def _record(seller: Seller, head: Head, proof: str) -> Record:
    lines = list(LINES)
    return Record(
        id=new_id(),
        till=UUID(seller.till),
        number=head.number + 1,
        previous=head.hash,
        kind=Kind.SALE,
        at=stamp(datetime.now(UTC)),
        outlet=seller.outlet,
        event_id=None,
        cashier=UUID(seller.cashier),
        catalogue=BOARD.version,
        lines=lines,
        totals=totals_of(lines),
        tenders=[Tender(TenderKind.CARD, TOTAL_CENTS, proof)],
        tip_cents=0,
        cash_cents=None,
        refund_of=None,
        reprint_of=None,
    )
