"""What sells while the office looks: a till with its key that came with a code, and cards fresh from the encoder."""

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from tests.concessions.till import Till as Chain
from tests.concessions.till import append, beer, fries
from tests.passes.make_vectors import Ed25519Phone
from tests.web.house import House
from tests.web.office import in_database
from virage.concessions.acts.archives import Archives
from virage.concessions.jobs.closing import ClosingJobs
from virage.concessions.rules.fiscal.calendar import begins, business_day
from virage.concessions.rules.fiscal.record import Kind, Line, Written
from virage.kernel.config import read
from virage.kernel.database import Connection, Database
from virage.kernel.keys import base64url
from virage.kernel.problems import Refused
from virage.matchday import clock_of
from virage.passes.acts import open_vault
from virage.venue.reads import GROUND_ZONE

_chips = itertools.count(1)


class Till:
    """A till of the house's own: it comes with a code, and posts what it writes."""

    def __init__(self, house: House, code: str, outlet: str) -> None:
        signer = Ed25519Phone(code)
        key = {name: value for name, value in signer.jwk().items() if name != "d"}
        came = httpx.post(f"{house.url}/api/devices/pair", json={"code": code, "key": key}).raise_for_status().json()
        self._url, self._token = house.url, came["token"]
        self.chain = Chain(UUID(came["device_id"]), signer)
        self.chain.outlet = outlet
        self.chain.at = datetime.now(UTC) - timedelta(seconds=40)
        self._untold: list[Written] = []
        self.menu = house.get(f"/api/concessions/catalogue/{outlet}")

    def line(self, name: str, quantity: int = 1) -> Line:
        """So many of a product of the menu, at its price."""
        found = next(one for one in self.menu["items"] if one["item"]["name"]["en"] == name)
        item = found["item"]
        return Line(
            UUID(item["id"]), item["name"]["fr"], quantity, found["cents"], item["vat_permille"], [], deposit=False
        )

    def write(self, kind: Kind = Kind.SALE, **changes: Any) -> Written:
        """Write a record; the server hears of it with `tell`."""
        written = self.chain.write(kind, catalogue=self.menu["version"], **changes)
        self._untold.append(written)
        return written

    def tell(self) -> None:
        """Post what was written, as sold."""
        bodies = [
            {"body": base64url(one.body), "signature": base64url(one.signature), "told": True} for one in self._untold
        ]
        headers = {"authorization": f"Bearer {self._token}"}
        answer = httpx.post(f"{self._url}/api/till/records", json={"records": bodies}, headers=headers)
        outcomes = {said["outcome"] for said in answer.raise_for_status().json()["answers"]}
        assert outcomes == {"booked"}, answer.text
        self._untold.clear()

    def is_dead(self) -> bool:
        """Whether the server knows it no more."""
        answer = httpx.get(f"{self._url}/api/devices/me", headers={"authorization": f"Bearer {self._token}"})
        return answer.status_code == httpx.codes.UNAUTHORIZED


def yesterday() -> date:
    """The day of business before this one."""
    return business_day(datetime.now(UTC), GROUND_ZONE) - timedelta(days=1)


def sold_yesterday(house: House, outlet: str) -> UUID:
    """A till that sold two beers and fries at an outlet yesterday; its id."""
    chain = Chain()
    chain.outlet = outlet
    chain.at = begins(yesterday(), GROUND_ZONE) + timedelta(hours=14)
    chain.write(lines=[beer(2), fries()])

    async def take(conn: Connection) -> None:
        await chain.pair(conn)
        outcomes = await append(conn, chain.written, chain.at)
        assert not any(isinstance(one, Refused) for one in outcomes), outcomes

    in_database(house, take)
    return chain.id


def close_what_is_over(house: House) -> None:
    """Close the days that are over, as the worker does by itself."""

    async def close() -> None:
        config = read(house.env)
        db = await Database.open(house.database_url, connections_max=2)
        try:
            await ClosingJobs(db, clock_of(config), open_vault(config), Archives(config.objects_at)).close_due()
        finally:
            await db.close()

    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, close()).result()
