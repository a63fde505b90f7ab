"""Sales while the office is open: a paired till with its key, and new cards."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from tests.identity.passes.make_vectors import Ed25519Phone
from tests.money.fiscal.till import Till as Chain
from tests.web import http
from tests.web.office import in_database
from tests.web.system import System
from tests.zones import PARIS
from virage.money.fiscal.rules.calendar import business_day
from virage.money.fiscal.rules.record import Kind, Line, VerifiedRecord, read_record
from virage.platform.data.database import Connection
from virage.platform.values.jwk import base64url


class Till:
    """A till of the system, paired by a code, which uploads its records."""

    def __init__(self, system: System, code: str, outlet: str) -> None:
        signer = Ed25519Phone(code)
        key = {name: value for name, value in signer.jwk().items() if name != "d"}
        came = http.post(f"{system.url}/api/devices/pair", json={"code": code, "key": key}).raise_for_status().json()
        self._url, self._token = system.url, came["token"]
        self.chain = Chain(UUID(came["device_id"]), signer)
        self.chain.outlet = outlet
        self.chain.at = datetime.now(UTC) - timedelta(seconds=40)
        self._not_uploaded: list[VerifiedRecord] = []
        self.menu = system.get(f"/api/food/catalogue/{outlet}")

    def line(self, name: str, quantity: int = 1) -> Line:
        """A quantity of a product of the catalogue, at its price."""
        found = next(one for one in self.menu["items"] if one["item"]["name"]["en"] == name)
        item = found["item"]
        return Line(
            UUID(item["id"]), item["name"]["fr"], quantity, found["cents"], item["vat_permille"], [], deposit=False
        )

    def write(self, kind: Kind = Kind.SALE, **changes: Any) -> VerifiedRecord:
        """Write a record; `tell` uploads it."""
        written = self.chain.write(kind, catalogue=self.menu["version"], **changes)
        self._not_uploaded.append(written)
        return written

    def tell(self) -> None:
        """Upload the written records as offline sales."""
        bodies = [
            {"body": base64url(one.body), "signature": base64url(one.signature), "told": True}
            for one in self._not_uploaded
        ]
        headers = {"authorization": f"Bearer {self._token}"}
        answer = http.post(f"{self._url}/api/till/records", json={"records": bodies}, headers=headers)
        outcomes = {said["outcome"] for said in answer.raise_for_status().json()["answers"]}
        assert outcomes == {"booked"}, answer.text
        self._not_uploaded.clear()

    def is_dead(self) -> bool:
        """Whether the server rejects its token."""
        answer = http.get(f"{self._url}/api/devices/me", headers={"authorization": f"Bearer {self._token}"})
        return answer.status_code == httpx.codes.UNAUTHORIZED


def yesterday() -> date:
    """The previous business day."""
    return business_day(datetime.now(UTC), PARIS) - timedelta(days=1)


def taxed_yesterday(system: System, till: UUID) -> tuple[Decimal, Decimal]:
    """Sales minus refunds of a till of the demo yesterday, without cups: with VAT and without."""

    async def ask(conn: Connection) -> list[bytes]:
        return [row["body"] for row in await conn.fetch("select body from fiscal.record where device_id = $1", till)]

    records = [record for body in in_database(system, ask) if (record := read_record(body)) is not None]
    rates = [total for record in records for total in record.totals if total.vat_permille]
    gross = sum(total.gross_cents for total in rates)
    assert gross > 0
    return Decimal(gross), Decimal(gross - sum(total.vat_cents for total in rates))
