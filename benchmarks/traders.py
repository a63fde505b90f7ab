"""Fans who pass tickets on to each other: they transfer them, or sell them on the exchange.

A fan whose connection ends, or who must retry later, sends the same request again: the client chose
the ids.
"""

import asyncio
import random
import time
from collections import Counter, deque
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from benchmarks.buyers import CARD, CREATED, LATER, OK, PATIENCE_S, RETRY_S, SERVER_ERROR, WAIT
from benchmarks.onsale import captured_of
from benchmarks.system import System
from benchmarks.wire import Answer, Client
from virage.identity.passes.rules.claims import GENERATION_MAX
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url

LIMIT_PER_BUYER = 9
SETTLED_S = 60.0
FEE_PERMILLE = 50
ALLOWING_ALL = {
    "VIRAGE_EXCHANGE_EVENT_TICKETS_MAX": "1000",
    "VIRAGE_EXCHANGE_YEAR_TICKETS_MAX": "1000",
    "VIRAGE_EXCHANGE_BROWSER_TICKETS_MAX": "1000",
    "VIRAGE_EXCHANGE_CARD_TICKETS_MAX": "1000000",  # all fans of the sandbox pay with one card
}
"""Settings with which no listing waits for a review."""


class Held(Struct):
    """A ticket as its fans know it: its holder and its buyer, by index, and the last confirmed generation."""

    ticket_id: str
    holder: int
    buyer: int
    price_cents: int
    place: int
    tariff: str
    generation: int = -1


class Traders:
    """Fans who pass tickets on until they are told to stop; `log` counts what was confirmed.

    `extras` adds what a load does not measure: activations, cancelled offers, returned tickets, abandoned baskets.
    """

    def __init__(self, url: str, sandbox_url: str, tokens: list[str], *, seed: int, extras: bool = True) -> None:
        self._client = Client(url)
        self._bank = Client(sandbox_url)
        self._tokens = tokens
        self._random = random.Random(seed)
        self._extras = extras
        self._bought: Counter[int] = Counter()
        self.stopped = False
        self.log: Counter[str] = Counter()
        self.paid: dict[str, int] = {}
        """What the buyers of confirmed sales paid, in cents by order."""

    def close(self) -> None:
        """Close all connections."""
        self._client.close()
        self._bank.close()

    async def tickets(self) -> list[Held]:
        """The valid tickets of all fans. Sold ones count for the limit of their buyers as long as others of their order
        are valid, so a fan buys at most as many as the limit in the whole run.
        """
        lists = await asyncio.gather(*(self._tickets_of(fan) for fan in range(len(self._tokens))))
        found = [held for held_by_fan in lists for held in held_by_fan]
        self._bought = Counter(held.buyer for held in found)
        return found

    async def _tickets_of(self, fan: int) -> list[Held]:
        answer = await self._ask(fan, "GET", "/api/me/tickets")
        return [
            Held(one["id"], fan, -1 if one["received"] else fan, one["price_cents"], one["place"], one["tariff"])
            for one in msgspec.json.decode(answer.body)
            if not one["refunded"]
        ]

    async def transfer_all(self, tickets: deque[Held]) -> None:
        """Take one ticket after the other: activate it, offer it, and accept, cancel or give it back."""
        while not self.stopped and tickets:
            held = tickets.popleft()  # no ticket is passed on by two at once
            await self.transfer(held)
            if held.generation < GENERATION_MAX - 2:
                tickets.append(held)

    async def transfer(self, held: Held) -> None:
        """Offer a ticket by link and accept it."""
        if self._extras:
            await self._activate(held)
        receiver = self._random.choice([fan for fan in range(len(self._tokens)) if fan != held.holder])
        offer_id = str(new_id())
        body = {"id": offer_id, "ticket_ids": [held.ticket_id]}
        offered = await self._ask(held.holder, "POST", "/api/transfers", body)
        assert offered.status == CREATED, offered.body
        key = msgspec.json.decode(offered.body)["link"].partition("#")[2]
        acceptance = {"given_name": "A", "family_name": "Fan", "key": key}
        accepting = self._ask(receiver, "POST", f"/api/transfers/{offer_id}/accept", acceptance)
        if self._extras and self._random.random() < 0.3:  # noqa: PLR2004 - three of ten are cancelled at the same moment
            accepted, cancelled = await asyncio.gather(
                accepting, self._ask(held.holder, "POST", f"/api/transfers/{offer_id}/cancel")
            )
            assert (accepted.status == OK) != (cancelled.status == OK), (accepted.body, cancelled.body)
        else:
            accepted = await accepting
            assert accepted.status == OK, accepted.body
        self.log["accepted" if accepted.status == OK else "cancelled"] += 1
        if accepted.status != OK:
            return
        giver, held.holder = held.holder, receiver
        if self._extras and self._random.random() < 0.3:  # noqa: PLR2004 - three of ten come back
            back = await self._ask(
                receiver, "POST", f"/api/transfers/{offer_id}/return", {"ticket_ids": [held.ticket_id]}
            )
            assert back.status == OK, back.body
            held.holder = giver
            self.log["returned"] += 1

    async def sell_all(self, tickets: deque[Held]) -> None:
        """Take one ticket after the other: list it at face value, and let another fan buy it."""
        while not self.stopped and tickets:
            held = tickets.popleft()
            await self.sell(held)
            tickets.append(held)

    async def sell(self, held: Held) -> None:
        """List a ticket, and let a fan who may have more tickets hold and pay it. It is a new ticket then."""
        buyer = self._random.choice(
            [fan for fan, _ in enumerate(self._tokens) if fan != held.holder and self._bought[fan] < LIMIT_PER_BUYER]
        )
        self._bought[buyer] += 1
        if not await self._sell_to(held, buyer):
            self._bought[buyer] -= 1

    async def _sell_to(self, held: Held, buyer: int) -> bool:
        if self._extras:
            await self._activate(held)
        listing_id, order_id, payment_id = str(new_id()), str(new_id()), str(new_id())
        body: dict[str, Any] = {
            "id": listing_id,
            "tickets": [{"ticket_id": held.ticket_id, "price_cents": held.price_cents}],
            "to_wallet": self._extras and self._random.random() < 0.3,  # noqa: PLR2004 - three of ten want the money there
        }
        listed = await self._ask(held.holder, "POST", "/api/exchange/listings", body)
        assert listed.status == CREATED, listed.body
        withdrawal = f"/api/exchange/listings/{listing_id}/withdraw"
        order = await self._ask(buyer, "POST", "/api/exchange/orders", {"id": order_id, "listing_ids": [listing_id]})
        assert order.status == CREATED, order.body
        if self._extras and self._random.random() < 0.15:  # noqa: PLR2004 - the seller keeps the ticket
            assert (await self._ask(held.holder, "POST", withdrawal)).status == OK
            self.log["withdrawn"] += 1
            return False
        page = await self._ask(buyer, "POST", f"/api/orders/{order_id}/payment", {"payment_id": payment_id})
        assert page.status == OK, page.body
        path = urlsplit(msgspec.json.decode(page.body)["payment_url"]).path
        charged = await self._retried(self._bank, b"POST", path.encode(), b"", CARD)
        assert charged.status == OK, charged.body
        if self._extras and self._random.random() < 0.3:  # noqa: PLR2004 - too late: the buyer pays or has paid
            late = await self._ask(held.holder, "POST", withdrawal)
            assert late.status not in (OK, CREATED), late.body
        ends = time.perf_counter() + PATIENCE_S
        while True:
            found = msgspec.json.decode((await self._ask(buyer, "GET", f"/api/orders/{order_id}", wait=True)).body)
            if found["state"] == "paid":
                break
            assert found["state"] == "paying", found
            if time.perf_counter() > ends:
                raise TimeoutError(order_id)
        (line,) = found["lines"]
        assert line["place"] == held.place
        held.ticket_id, held.holder, held.buyer, held.generation = line["ticket_id"], buyer, buyer, -1
        self.paid[order_id] = found["total_cents"]
        self.log["sold"] += 1
        return True

    async def _activate(self, held: Held) -> None:
        raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        key = {"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)}
        answer = await self._ask(held.holder, "POST", f"/api/tickets/{held.ticket_id}/pass", {"key": key})
        if answer.status == OK:
            generation = msgspec.json.decode(answer.body)["generation"]
            assert generation > held.generation, "a pass of an earlier holder is not valid again"
            held.generation = generation
            self.log["activated"] += 1

    async def _ask(self, fan: int, method: str, path: str, body: Any = None, *, wait: bool = False) -> Answer:
        headers = b"cookie: __Host-virage=%b\r\n" % self._tokens[fan].encode() + (WAIT if wait else b"")
        content = None if body is None else msgspec.json.encode(body)
        return await self._retried(self._client, method.encode(), path.encode(), headers, content)

    async def _retried(self, client: Client, method: bytes, path: bytes, headers: bytes, body: bytes | None) -> Answer:
        """Send a request until its response is not "retry later"."""
        ends = time.perf_counter() + PATIENCE_S
        while True:
            try:
                answer = await client.ask(method, path, headers, body)
                if answer.status < SERVER_ERROR and answer.status not in LATER:
                    return answer
            except OSError:
                self.log["retried"] += 1
            if time.perf_counter() > ends:
                raise TimeoutError(path)
            await asyncio.sleep(RETRY_S * (1 + self._random.random()))


async def open_exchange(url: str, event_id: UUID) -> None:
    """What the office does: holders may list at face value, and the operator keeps a share."""
    conn = await asyncpg.connect(url)
    try:
        await conn.execute("insert into ticketing.exchange_terms values ($1, true, 1000, $2)", event_id, FEE_PERMILLE)
    finally:
        await conn.close()


async def wrong_money(system: System) -> dict[UUID, int]:
    """What the bank holds of each payment beyond the cost of its order, in cents, once all refunds are sent.

    Proceeds of sold tickets in wallets are money of the payment that had bought them.
    Payments with the right sum are left out. Raises TimeoutError while refunds are not sent.
    """
    ends = time.monotonic() + SETTLED_S
    while True:
        conn = await asyncpg.connect(system.postgres.url)
        try:
            waiting = await conn.fetchval("select count(*) from payments.refund where done_at is null")
            orders = await conn.fetch(
                """
                select state, payment_id, total_cents, refunded_cents - coalesce(in_wallets.cents, 0) as refunded_cents
                from ticketing.orders
                left join (
                    select payment_id, sum(cents - paid_out_cents)::bigint as cents
                    from wallet_funding.proceeds group by payment_id
                ) as in_wallets using (payment_id)
                where payment_id is not null
                """
            )
        finally:
            await conn.close()
        if not waiting:
            break
        if time.monotonic() > ends:
            raise TimeoutError(f"{waiting} refunds are not sent")
        await asyncio.sleep(0.5)
    costs = {
        order["payment_id"]: order["total_cents"] - order["refunded_cents"]
        for order in orders
        if order["state"] in ("paid", "refunded")
    }
    held = await captured_of(system)
    return {id_: cents - costs.get(id_, 0) for id_, cents in held.items() if cents != costs.get(id_, 0)}


async def stored(url: str) -> dict[str, Any]:
    """The valid tickets (owner's address by ticket), how many sales paid a wallet, and what must not be."""
    conn = await asyncpg.connect(url)
    try:
        rows = await conn.fetch(
            """
            select ticket.id, ticket.place, ticket.order_id, claim.order_id as claimed_by, person.email,
                pass.revoked_at is null as valid
            from ticketing.ticket
            join ticketing.orders on orders.id = ticket.order_id
            join passes.pass on pass.subject = ticket.id
            join people.person on person.id = coalesce(ticket.holder_id, orders.owner_id)
            left join ticketing.claim on claim.event_id = ticket.event_id and claim.place = ticket.place
            where ticket.refund_id is null
            """
        )
        two_valid = await conn.fetchval(
            """
            select count(*) from (
                select 1 from passes.pass where revoked_at is null group by event_id, place having count(*) > 1
            ) as place
            """
        )
        unpaid_sellers = await conn.fetchval(
            """
            select count(*) from ticketing.listing
            where state = 'sold' and (
                select count(*) from ticketing.refund join payments.refund as money on money.id = refund.id
                where refund.ticket_ids = listing.ticket_ids and refund.reason = 'exchanged'
            ) + (
                select count(*) from wallet_ledger.transfer
                where purpose = 'tickets_sold' and subject = listing.id
            ) <> 1
            """
        )
        to_wallets = await conn.fetchval("select count(*) from wallet_ledger.transfer where purpose = 'tickets_sold'")
        unbooked_cents = await conn.fetchval(
            """
            select coalesce(sum(balance_cents), 0)::bigint + (
                select coalesce(sum(cents - paid_out_cents), 0)::bigint from wallet_funding.proceeds
            )
            from wallet_ledger.account where kind = 'clearing' and key = 'sold tickets'
            """
        )
        ledger_sum = await conn.fetchval("select coalesce(sum(balance_cents), 0)::bigint from wallet_ledger.account")
    finally:
        await conn.close()
    return {
        "owners": {str(row["id"]): row["email"] for row in rows},
        "seats": len({row["place"] for row in rows}),
        "tickets": len(rows),
        "without_claim": sum(1 for row in rows if row["claimed_by"] != row["order_id"]),
        "without_pass": sum(1 for row in rows if not row["valid"]),
        "two_valid": two_valid,
        "unpaid_sellers": unpaid_sellers,
        "to_wallets": to_wallets,
        "unbooked_cents": unbooked_cents,
        "ledger_sum": ledger_sum,
    }
