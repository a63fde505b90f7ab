"""Contactless cards of the tests, and a till that shows a payment code to a phone: the parts
outside the browser.
"""

import gzip
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from playwright.sync_api import Page, Response

from tests.money.wallet.cards.chip import Chip, shown
from tests.web.office import in_database
from tests.web.system import System
from virage.app.settings import read
from virage.money.wallet.cards.acts.cards import open_card_secrets, personalise
from virage.money.wallet.cards.acts.virtual_cards import charge
from virage.money.wallet.cards.rules.cards import Card, NewCard, shown_code
from virage.money.wallet.cards.rules.sun import SunMessage
from virage.money.wallet.cards.rules.virtual_cards import Challenge, Shown, challenge_bytes
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Transfer, account, wallet_account
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused

UID_BYTES = 7


@dataclass
class Held:
    """A card with its chip, its printed code, its id and the wallet that it came with."""

    chip: Chip
    code: str
    card_id: UUID
    wallet_id: UUID

    def tap(self, counter: int | None = None) -> str:
        """The address that the next read of the card opens, or one that it showed at a counter
        before.
        """
        return _address(self.chip.tap() if counter is None else self.chip.mirrored(counter))

    def hidden(self) -> str:
        """The same of a card configured to encrypt its UID and counter."""
        self.chip.counter += 1
        return _address(self.chip.hidden(self.chip.counter))


def _address(message: SunMessage) -> str:
    return "/tap?" + urlencode(shown(message))


def new_card(system: System, cents: int = 0, *, known: bool = True) -> Held:
    """An anonymous card, as an encoder makes it, with money from a cash desk.

    The system knows only the keys of an unknown card.
    """
    kept = open_card_secrets(read(system.env))
    assert kept is not None
    chip = Chip(kept.keys, b"\x04" + secrets.token_bytes(UID_BYTES - 1))
    code = kept.codes.printed(chip.uid)

    async def make(conn: Connection) -> Card:
        wish = NewCard(new_id(), chip.uid, kept.codes.hash(code))
        (made,) = await personalise(conn, [wish], who=None, now=datetime.now(UTC))
        assert isinstance(made, Card), made
        if cents:
            await load(conn, made.wallet_id, cents)
        return made

    if not known:
        return Held(chip, shown_code(code), new_id(), new_id())
    made = in_database(system, make)
    return Held(chip, shown_code(code), made.id, made.wallet_id)


async def load(conn: Connection, wallet_id: UUID, cents: int) -> None:
    """The record of a desk that takes cash for a wallet."""
    taken = Transfer(
        new_id(), account(AccountKind.CASH, "desk 1"), wallet_account(wallet_id), cents, "cash_load", new_id()
    )
    (posted,) = await ledger.post(conn, [[taken]], datetime.now(UTC))
    assert not isinstance(posted, Refused), posted


class Till:
    """A till that is paid by phone: it shows a challenge, reads the phone's proof, and books the
    sale.
    """

    def __init__(self, system: System, outlet: str = "07") -> None:
        self._system = system
        self._outlet = outlet
        self._till_id = new_id()

    def asks(self, cents: int, at: datetime | None = None) -> Challenge:
        """The challenge that the till fixes before it shows its code."""
        moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Challenge(moment, cents, new_id(), self._outlet, self._till_id)

    def address(self, challenge: Challenge) -> str:
        """The link in its code."""
        return f"/pay#{base64url(challenge_bytes(challenge))}"

    def books(self, challenge: Challenge, proof: str) -> None:
        """Verify a phone's proof as a sale does, and take the money for the record."""

        async def book(conn: Connection) -> None:
            now = datetime.now(UTC)
            (wallet_id,) = await charge(conn, [Shown(challenge, proof)], now)
            assert not isinstance(wallet_id, Refused), wallet_id
            till = account(AccountKind.REVENUE, f"{challenge.till}:1000")
            paid = Transfer(new_id(), wallet_account(wallet_id), till, challenge.cents, "sale", challenge.id)
            (posted,) = await ledger.post(conn, [[paid]], now)
            assert not isinstance(posted, Refused), posted

        in_database(self._system, book)


def shown_proof(page: Page) -> str:
    """The proof that the phone shows as a code."""
    return str(page.locator("[data-proof]").get_attribute("data-proof"))


NFC = """
window.NDEFReader = class extends EventTarget {
    async scan() {
        window.hold = (address) => {
            const data = new DataView(new TextEncoder().encode(address).buffer);
            const event = new Event("reading");
            event.message = { records: [{ recordType: "url", data }] };
            this.dispatchEvent(event);
        };
    }
};
"""
"""The reader of a phone, which no desk has: `hold(address)` holds a card to it."""


def weight(page: Page, address: str, shown: str) -> tuple[int, set[str]]:
    """The compressed size of the scripts of a first visit, and their files; `shown` is visible at
    its end.
    """
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it marks its handlers, a built-in takes no mark
    page.goto(address)
    page.locator(shown).first.wait_for()
    page.wait_for_load_state("networkidle")
    scripts = [answer for answer in answers if answer.request.resource_type == "script"]
    names = {answer.url.rpartition("/")[2].partition("-")[0] for answer in scripts}
    return sum(len(gzip.compress(answer.body(), 9, mtime=0)) for answer in scripts), names
