"""Cash desks in tests: tills with keys that sign their top-ups, and their staff."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.identity.passes.make_vectors import Ed25519Phone, P256Phone
from tests.money.wallet.ledger.books import books
from virage.identity.people.rules.pins import verifier_of
from virage.identity.people.store import grants, persons, pins
from virage.money.wallet.accounts.rules.wallets import DeskTender
from virage.money.wallet.cards.rules.cards import as_code, masked
from virage.money.wallet.funding.rules.desk import drawer
from virage.money.wallet.funding.rules.desk_records import (
    DESK_RECORD_PURPOSE,
    DeskRecord,
    SignedDeskRecord,
    desk_record_bytes,
)
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    import httpx

    from tests.money.wallet.conftest import Held, Wallets

CASHIER = UUID("01970000-0000-7000-8000-00000000ca52")
NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
Signer = Ed25519Phone | P256Phone


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def load_said(till_id: UUID, cashier: UUID, wallet_id: UUID, cents: int, at: datetime = NOW, **more: Any) -> DeskRecord:
    """The request of a till for a cash top-up of a wallet at outlet 01."""
    said: dict[str, Any] = {"id": new_id(), "outlet": "01", "slip": None, "tender": DeskTender.CASH}
    said |= more
    return DeskRecord(at=stamp(at), cashier=cashier, cents=cents, purse=masked(wallet_id), till=till_id, **said)


def signed_load(signer: Signer, said: DeskRecord, purpose: bytes = DESK_RECORD_PURPOSE) -> SignedDeskRecord:
    body = desk_record_bytes(said)
    return SignedDeskRecord(said, body, signer.sign(purpose + body))


def texts(signed: SignedDeskRecord) -> dict[str, str]:
    """The request as JSON."""
    return {"body": base64url(signed.body), "signature": base64url(signed.signature)}


async def employ(conn: Connection, person_id: UUID, grant: Grant) -> None:
    """Create a member of staff with a PIN."""
    await conn.execute(
        "insert into people.person (id, email, locale, joined_at) values ($1, $2, 'fr', $3) on conflict do nothing",
        person_id,
        f"{person_id}@example.org",
        NOW,
    )
    await persons.lock_person(conn, person_id)
    await grants.give(conn, new_id(), person_id, grant, by=None, at=NOW)
    await pins.put_pin(conn, person_id, verifier_of("482913", bytes(16), 10), NOW)


async def pair_till(conn: Connection, till_id: UUID, signer: Signer) -> None:
    """A till at outlet 01, paired by finance."""
    await conn.execute(
        """
        insert into people.device
            (id, pairing_id, name, kind, posts, public_key, token_hash, paired_at, last_seen_at, paired_by)
        values ($1, $2, 'Till', 'till', '{01}', $3, $4, $5, $5, $2)
        """,
        till_id,
        new_id(),
        {name: value for name, value in signer.jwk().items() if name != "d"},
        till_id.bytes,
        NOW,
    )


class Desk:
    """A till at outlet 01 that serves as a cash desk, and signs its movements."""

    def __init__(self, wallets: "Wallets", name: str = "desk") -> None:
        self.wallets = wallets
        self.name = name
        self.id = wallets.knows(name, "device", Grant("till", "outlet", "01"))
        self.signer = Ed25519Phone(name)

    async def open(self) -> None:
        async with self.wallets.transaction() as conn:
            await pair_till(conn, self.id, self.signer)
            await employ(conn, CASHIER, Grant("cashier", "outlet", "01"))

    async def shown(self, by: dict[str, str]) -> UUID:
        """The wallet that the till looked up before."""
        read = re.search("uid=([0-9A-F]+)", by.get("tap", ""))
        uid = b"" if read is None else bytes.fromhex(read[1])
        code = self.wallets.secrets.codes.hash(as_code(by.get("code", "")) or "")
        rows = await self.wallets.rows(
            "select purse_id from wallet_cards.card where uid = $1 or code_hash = $2", uid, code
        )
        return rows[0][0] if rows else new_id()

    async def says(self, by: dict[str, str], cents: int, tender: str = "cash", **more: Any) -> DeskRecord:
        """The body that the till would sign."""
        said = {"wallet_id": await self.shown(by), "cashier": CASHIER, "at": self.wallets.clock.now()} | more
        return load_said(self.id, cents=cents, tender=DeskTender(tender), **said)

    async def send(self, by: dict[str, str], signed: dict[str, str], pin: str | None = None) -> "httpx.Response":
        return await self.wallets.ask(self.name, "POST", "/api/till/loads", {"by": by, "pin": pin} | signed)

    async def ask(
        self, by: dict[str, str], cents: int, tender: str = "cash", *, pin: str | None = None, **more: Any
    ) -> "httpx.Response":
        said = await self.says(by, cents, tender, **more)
        return await self.send(by, texts(signed_load(self.signer, said)), pin)

    async def load(self, held: "Held", cents: int, tender: str = "cash", **more: Any) -> Any:
        answer = await self.ask(by_tap(held), cents, tender, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, by: dict[str, str], cents: int, tender: str = "cash", **more: Any) -> tuple[str, Any]:
        before = await self.wallets.rows("select count(*) from kernel.journal")
        answer = await self.ask(by, cents, tender, **more)
        assert answer.status_code == 409, answer.text
        assert await self.wallets.rows("select count(*) from kernel.journal") == before
        return answer.json()["code"], answer.json().get("data", {})

    async def look(self, by: dict[str, str]) -> Any:
        answer = await self.wallets.ask(self.name, "POST", "/api/till/purse", {"by": by})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def stands(self, tender: DeskTender = DeskTender.CASH) -> int:
        """The balance of the till's own account; the books are clean."""
        assert (await books(self.wallets.db)).clean
        rows = await self.wallets.rows(
            "select balance_cents from wallet_ledger.account where id = $1", drawer(self.id, tender).id
        )
        return rows[0][0] if rows else 0


def by_tap(held: "Held") -> dict[str, str]:
    message = held.tap()
    return {"tap": f"uid={message.uid}&ctr={message.ctr}&cmac={message.cmac}"}
