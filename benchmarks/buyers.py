"""A process of buyers: each holds, pays and fetches the tickets of a party, and logs the responses.

`python -m benchmarks.buyers PLAN REPORT` reads its plan from a JSON file and writes its report into
another. A buyer whose connection ends, or who must retry later, sends the same request again: the
buyer chose the ids.
"""

import asyncio
import random
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from benchmarks.common import run
from benchmarks.wire import Answer, Client
from virage.platform.values.ids import new_id

CARD = b'{"card":"4242424242424242"}'
WAIT = b"prefer: wait=10\r\n"
SIZES = (1, 2, 2, 2, 3, 3, 4, 4, 5, 6)
PACKS = 0.1
POLL_S, POLL_GROWTH = 0.7, 1.4
RETRY_S = 0.05
PATIENCE_S = 60.0
OK, CREATED, SERVER_ERROR, BUSY = 200, 201, 500, 503
LATER = (408, 429)


class Mix(Struct):
    """A pack, and the event that `members` (tokens of their sessions) may buy before others."""

    package_id: str
    members_event_id: str
    members: list[str]


class Plan(Struct):
    """The plan of one process of buyers. `mode`: "parties", "singles" (the named places) or
    "plain".

    `seconds` ends "plain", and, if set, the arrival of new "parties"; each buyer starts after a
    pause of up to `pause_s`. With `mix`, members buy tickets of another event before its public
    sale, and one in ten of the others a pack of both events.
    """

    mode: str
    url: str
    sandbox_url: str
    event_id: str
    categories: list[str]
    tokens: list[str]
    concurrency: int
    seed: int
    seconds: float = 0.0
    pause_s: float = 0.0
    places: list[tuple[int, str]] = []
    mix: Mix | None = None


class Bought(Struct):
    """The 2xx responses about one order."""

    order_id: str
    places: list[int]
    token: str
    payment_id: str | None = None
    charged: bool = False
    paid: bool = False
    ended: str | None = None


class Report(Struct):
    """The report of a process of buyers."""

    bought: list[Bought]
    hold_ms: list[float]
    order_ms: list[float]
    spare: list[str]
    refused: dict[str, int]
    seconds: float
    requests: int


class _Held(Struct):
    id: str
    lines: list["_Line"]
    state: str
    total_cents: int


class _Line(Struct):
    place: int
    ticket_id: str | None = None


class _PackEvent(Struct):
    order: "_Held"


class _Pack(Struct):
    id: str
    state: str
    total_cents: int
    events: list[_PackEvent]


class _Page(Struct):
    payment_url: str | None


class _Problem(Struct):
    code: str = ""


_held = msgspec.json.Decoder(_Held)
_pack = msgspec.json.Decoder(_Pack)
_page = msgspec.json.Decoder(_Page)
_problem = msgspec.json.Decoder(_Problem)


class Crowd:
    """All buyers of this process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shop = Client(plan.url, keep=(b"retry-after",))
        self._bank = Client(plan.sandbox_url)
        self._random = random.Random(plan.seed)
        self._tokens = list(reversed(plan.tokens))
        self._places = list(reversed(plan.places))
        self._mix = plan.mix
        self._members = set(plan.mix.members if plan.mix else ())
        self.requests = 0
        self.bought: list[Bought] = []
        self.hold_ms: list[float] = []
        self.order_ms: list[float] = []
        self.spare: list[str] = []
        self.refused: dict[str, int] = {}

    async def run(self) -> Report:
        """Run all buyers."""
        began = time.perf_counter()
        one = {"parties": self._parties, "singles": self._singles, "plain": self._plain}[self._plan.mode]
        await asyncio.gather(*(one() for _ in range(self._plan.concurrency)))
        seconds = time.perf_counter() - began
        self._shop.close()
        self._bank.close()
        return Report(self.bought, self.hold_ms, self.order_ms, self.spare, self.refused, seconds, self.requests)

    async def _plain(self) -> None:
        ends = time.perf_counter() + self._plan.seconds
        while time.perf_counter() < ends:
            path = b"/%d" % self._random.randrange(10_000)
            answer = await self._ask(self._shop, b"POST", path, b"", b"")
            assert answer.status == OK, answer.body

    async def _parties(self) -> None:
        ends = time.perf_counter() + (self._plan.seconds or float("inf"))
        while self._tokens and time.perf_counter() < ends:
            token = self._tokens.pop()
            if self._plan.pause_s:
                await asyncio.sleep(self._plan.pause_s * self._random.random())
            if not await self._buy(token, *self._wishes()):
                self.spare.append(token)

    async def _singles(self) -> None:
        """Single places; one fan takes several of them."""
        token, left = "", 0
        while self._places and (self._tokens or left):
            if not left:
                token, left = self._tokens.pop(), 9
            place, tariff = self._places.pop()
            left -= 1
            await self._buy(
                token, b'{"kind":"chosen","places":[{"place":%d,"tariff":"%b"}]}' % (place, tariff.encode())
            )

    def _wishes(self) -> list[bytes]:
        """The request of a party, and its fallbacks when that is not available."""
        size = self._random.choice(SIZES)
        category = b""
        if self._random.random() < 0.7:  # noqa: PLR2004 - seven of ten look at a price first
            category = b',"category_id":"%b"' % self._random.choice(self._plan.categories).encode()
        if self._random.random() < 0.01:  # noqa: PLR2004 - one of a hundred comes with access needs
            party, needs = b'"access":1,"full":%d' % max(0, size - 2), b',"needs":["wheelchair"]'
        else:
            party, needs = b'"full":%d' % size, b""
        best = b'{"kind":"best","party":{%b}%b%b%b}'
        return [
            best % (party, needs, category, b""),
            best % (party, needs, category, b',"together":false'),
            best % (party, needs, b"", b',"together":false'),
        ]

    async def _buy(self, token: str, *wishes: bytes) -> bool:
        began = time.perf_counter()
        session = b"cookie: __Host-virage=%b\r\n" % token.encode()
        if self._mix is not None and token in self._members:
            held, kind = await self._hold(session, wishes, self._mix.members_event_id), b"orders"
        elif self._mix is not None and self._random.random() < PACKS:
            held, kind = await self._hold_pack(session, wishes, self._mix.package_id), b"subscriptions"
        else:
            held, kind = await self._hold(session, wishes, self._plan.event_id), b"orders"
        if held is None:
            return False
        self.hold_ms.append((time.perf_counter() - began) * 1000)
        order = Bought(held.id, [line.place for line in held.lines], token)
        self.bought.append(order)
        path = b"/api/%b/%b" % (kind, held.id.encode())
        if held.total_cents or held.state != "paid":
            await self._pay(session, path, order)
        if order.ended is None:
            await self._fetch(session, path, order)
            self.order_ms.append((time.perf_counter() - began) * 1000)
        return True

    async def _hold(self, session: bytes, wishes: tuple[bytes, ...], event_id: str) -> _Held | None:
        order_id = str(new_id()).encode()
        body = b'{"id":"%b","event_id":"%b","seats":%%b}' % (order_id, event_id.encode())
        answer = await self._first(session, b"/api/orders", [body % wish for wish in wishes])
        return None if answer is None else _held.decode(answer)

    async def _hold_pack(self, session: bytes, wishes: tuple[bytes, ...], package_id: str) -> _Held | None:
        """Hold a pack; its orders read as one with all of their lines."""
        body = b'{"id":"%b","seats":%%b}' % str(new_id()).encode()
        path = b"/api/packages/%b/subscriptions" % package_id.encode()
        answer = await self._first(session, path, [body % wish for wish in wishes])
        return None if answer is None else _whole(answer)

    async def _first(self, session: bytes, path: bytes, bodies: list[bytes]) -> bytes | None:
        """The response to the first of these requests that is not refused."""
        for body in bodies:
            answer = await self._ask(self._shop, b"POST", path, session, body)
            if answer.status == CREATED:
                return answer.body
            code = _code(answer)
            self.refused[code] = self.refused.get(code, 0) + 1
        return None

    async def _pay(self, session: bytes, path: bytes, order: Bought) -> None:
        payment_id = str(new_id())
        body = b'{"payment_id":"%b"}' % payment_id.encode()
        answer = await self._ask(self._shop, b"POST", path + b"/payment", session, body)
        while answer.status == BUSY:  # as the basket's page does
            await asyncio.sleep(int(answer.headers[b"retry-after"]) * (0.75 + self._random.random() / 2))
            answer = await self._ask(self._shop, b"POST", path + b"/payment", session, body)
        if answer.status != OK:
            order.ended = _code(answer)
            return
        order.payment_id = payment_id
        page = _page.decode(answer.body).payment_url
        if page is not None:
            answer = await self._ask(self._bank, b"POST", urlsplit(page).path.encode(), b"", CARD)
            order.charged = answer.status == OK

    async def _fetch(self, session: bytes, path: bytes, order: Bought) -> None:
        ends, pause_s, is_pack = time.perf_counter() + PATIENCE_S, POLL_S, b"/subscriptions/" in path
        while time.perf_counter() < ends:
            answer = await self._ask(self._shop, b"GET", path, session + WAIT, None)
            held = _whole(answer.body) if is_pack else _held.decode(answer.body)
            if held.state == "paid":
                assert all(line.ticket_id for line in held.lines)
                order.paid = True
                return
            if held.state not in ("held", "paying"):
                order.ended = held.state
                return
            if is_pack:  # its page asks again after growing pauses
                await asyncio.sleep(pause_s)
                pause_s *= POLL_GROWTH
        order.ended = "no answer"

    async def _ask(self, client: Client, method: bytes, path: bytes, headers: bytes, body: bytes | None) -> Answer:
        """Send the request until the response is not "retry later"."""
        ends = time.perf_counter() + PATIENCE_S
        while True:
            self.requests += 1
            try:
                answer = await client.ask(method, path, headers, body)
                if answer.status < SERVER_ERROR and answer.status not in LATER:
                    return answer
                if answer.status == BUSY and _code(answer) == "provider_busy":
                    self.refused["provider_busy"] = self.refused.get("provider_busy", 0) + 1
                    return answer
                cause = str(answer.status)
            except OSError:
                cause = "connection"
            self.refused[cause] = self.refused.get(cause, 0) + 1
            if time.perf_counter() > ends:
                raise TimeoutError(path)
            await asyncio.sleep(RETRY_S * (1 + self._random.random()))


def _whole(body: bytes) -> _Held:
    """A pack as one order, with the lines of all of its events."""
    pack = _pack.decode(body)
    return _Held(pack.id, [line for one in pack.events for line in one.order.lines], pack.state, pack.total_cents)


def _code(answer: Answer) -> str:
    """The code of a refusal."""
    return _problem.decode(answer.body).code if answer.body else str(answer.status)


def main() -> None:
    """Run one process of buyers."""
    plan, report = (Path(name) for name in sys.argv[1:3])
    result: Report = run(Crowd(msgspec.json.decode(plan.read_bytes(), type=Plan)).run())
    report.write_bytes(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
