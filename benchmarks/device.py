"""A device at a gate, in Python: a complete client of docs/gate.md that decides offline during an
outage.

It behaves as the steward's phone in web/src/features/access/gate/. It fetches its signed pack and
verifies it with the event's key. It asks the server about each code and waits 400 ms; after a
time-out it decides offline for ten seconds. It then applies the server's rules to the pack, the
changes it received and the scans it made. Each decision is numbered and signed in its log before
the light is shown, and uploaded until the server acknowledges it. Every five seconds it sends a
heartbeat and receives changes. A revoked device stops.

Its clock may be wrong: each response carries the server's time, and the device decides by that.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from nacl.signing import SigningKey

from benchmarks.evening import Lane
from benchmarks.ground import Ground, opened
from benchmarks.wire import Answer as Reply
from benchmarks.wire import Client, Gone
from virage.identity.keys.reads import PassKeys
from virage.identity.passes.rules.claims import Claims
from virage.identity.passes.rules.verification import Unverified, Verified, verify
from virage.matchday.access.reads.changes import PackChanges
from virage.matchday.access.rules.crossings import PASSAGE_WITHIN
from virage.matchday.access.rules.decision import (
    STALE_KEPT,
    Admitted,
    PassStatus,
    Presence,
    RescanRequired,
    StaleCode,
    decide,
)
from virage.matchday.access.rules.pack import SignedPack
from virage.matchday.access.rules.scans import SCAN_PURPOSE, ScanAnswer
from virage.platform.values.clock import Clock
from virage.platform.values.jwk import base64url

ASK_WITHIN_S, ALONE_S, UPLOAD_WITHIN_S = 0.4, 10.0, 10.0
BEAT_EVERY_S, PACK_LAG_S = 5.0, 10.0
TRIP_MAX_S = 3.0
BATCH = 250
OK, UNAUTHORIZED, SERVER_ERROR = 200, 401, 500

Signal = Literal["good", "again", "bad"]
SIGNALS: dict[str, Signal] = {"admitted": "good", "again": "again", "refused": "bad"}


class Light(Struct, frozen=True):
    """The light that a device showed, the number of its scan (0: amber without a scan), and whether
    it decided offline.

    `asked` is the scan without a response in time; the server may have stored it.
    """

    signal: Signal
    scan: int
    alone: bool
    reason: str | None = None
    asked: int = 0


class Beat(Struct, frozen=True):
    """The response to a heartbeat."""

    now: datetime
    changes: PackChanges


class Answers(Struct, frozen=True):
    """The responses to scans."""

    now: datetime
    answers: list[ScanAnswer]


_beats, _answers = msgspec.json.Decoder(Beat), msgspec.json.Decoder(Answers)
_sealed, _keys = msgspec.json.Decoder(SignedPack), msgspec.json.Decoder(PassKeys)


def signed(key: SigningKey, body: bytes) -> dict[str, str]:
    """A scan as it is uploaded: its bytes and the device's signature over them."""
    return {"body": base64url(body), "signature": base64url(key.sign(SCAN_PURPOSE + body).signature)}


class Sight(Struct, frozen=True):
    """A stored scan of a pass; `scan` is the number sent to the server, `at` is in machine time."""

    generation: int
    presence: Presence
    scan: int
    at: float


class Device:
    """One device at one gate. `clock_off` is how far its own clock is ahead; `has_network` is its
    cable.

    With `loses_an_answer` the next response to an upload is lost.
    """

    def __init__(self, lane: Lane, event_id: str, url: str, clock: Clock, clock_off: timedelta = timedelta()) -> None:
        self.lane = lane
        self.clock_off = clock_off
        self.has_network = True
        self.loses_an_answer = False
        self.revoked = False
        self.ground: Ground
        self.unsent: dict[int, dict[str, str]] = {}
        self.statuses: Counter[int] = Counter()
        self.refused: list[ScanAnswer] = []
        self.decided_alone = 0
        self.last_number = 0
        self._event_id = event_id
        self._client = Client(url)
        self._clock = clock
        self._learned = timedelta()
        self._key = SigningKey(lane.private)
        self._headers = b"authorization: Bearer %b\r\n" % lane.token.encode()
        self._numbers = itertools.count(1)
        self._unverified: dict[int, tuple[dict[str, Any], datetime]] = {}
        self._trusted = False
        self._stale: dict[int, StaleCode] = {}
        self._seen: dict[int, Sight] = {}
        self._online = False
        self._offline_since: datetime | None = None
        self._alone_until = 0.0
        self._answered_at = time.monotonic()
        self._one_at_a_time = asyncio.Lock()
        self._sending = asyncio.Lock()

    # --- its clock -------------------------------------------------------------------------------------------------

    def own_time(self) -> datetime:
        """The time of the device's clock."""
        return self._clock.now() + self.clock_off

    def now(self) -> datetime:
        """The server's time as this device estimates it."""
        return self.own_time() + self._learned

    def restart(self, jump: timedelta) -> None:
        """Restart with a clock that jumped: the disk is kept, the codes to compare with are lost."""
        self.clock_off += jump
        self._trusted = False
        self._stale.clear()
        self._online, self._alone_until, self._answered_at = False, 0.0, time.monotonic()

    # --- at the gate -----------------------------------------------------------------------------------------------

    async def scan(self, show: Callable[[], str]) -> Light:
        """Scan a code made now, one person at a time, and return the light."""
        async with self._one_at_a_time:
            code, now = show(), self.now()
            verdict = verify(code, self.ground.keys, now, self.ground.pack.event.id)
            before = self._known(verdict.claims)
            may_ask = self._online and time.monotonic() >= self._alone_until and not self._knows_better(verdict.claims)
            asked = self.last_number + 1 if may_ask else 0
            light = await self._ask(code, verdict, now) if may_ask else None
            if self.revoked:
                return Light("bad", 0, alone=True, reason="device_revoked")
            return light or self._alone(code, verdict, now, asked, before)

    def _knows_better(self, claims: Claims | None) -> bool:
        """Whether this device admitted the pass at its gate and the server may not know yet."""
        there = None if claims is None else self.ground.known(claims.number).presence
        return bool(self.unsent) and there is not None and there.state == "inside" and there.gate == self.lane.gate

    async def _ask(self, code: str, verdict: Verified | Unverified, now: datetime) -> Light | None:
        """The server's decision within 400 ms; None when the device must decide offline."""
        number, scan = self._signed("ask", self.now(), code=code)
        found = await self._send([scan], ASK_WITHIN_S)
        if found is None or found.answers[0].outcome == "noted":
            self._alone_until = time.monotonic() + ALONE_S
            return None
        answer = found.answers[0]
        if answer.outcome == "admitted" and answer.pass_number is not None:
            self._saw(answer.pass_number, 0, self._crossed(), number)
        if answer.outcome == "again" and verdict.claims is not None and verdict.step is not None:
            before = self._before(verdict.claims.number, now)
            if before is None or now - before.at > STALE_KEPT:  # else the first one is kept, as `decide` keeps it
                self._remember(verdict.claims.number, StaleCode(verdict.step, now), now)
        return Light(SIGNALS[answer.outcome], number, alone=False, reason=answer.reason)

    def _known(self, claims: Claims | None) -> PassStatus:
        return self.ground.known(-1 if claims is None else claims.number)

    def _alone(self, code: str, verdict: Verified | Unverified, now: datetime, asked: int, before: PassStatus) -> Light:
        """The device's own decision at the time of the scan; it is logged before it is shown."""
        self.decided_alone += 1
        claims = verdict.claims
        number, known = -1 if claims is None else claims.number, self._known(claims)
        there = known.presence
        if there is not None and there.gate == self.lane.gate and there != before.presence:
            known = replace(known, presence=before.presence)  # the change comes from the unanswered request
        post, before_it = self.ground.post(self.lane.gate, claims), self._before(number, now)
        found = decide(verdict, post, known, now, before_it, trusted=self._trusted)
        if isinstance(found, RescanRequired):
            self._remember(number, found.stale, now)
            return Light("again", 0, alone=True, asked=asked)
        about: dict[str, Any] = {"code": code}
        if claims is not None:
            about |= {"pass_number": claims.number, "generation": claims.generation}
        if isinstance(found, Admitted):
            presence = self._crossed()
            scan = self.keep("admitted" if presence.state == "pending" else "passed", now, **about)
            self._saw(found.claims.number, found.claims.generation, presence, scan)
            return Light("good", scan, alone=True, asked=asked)
        scan = self.keep("refused", now, **about, reason=found.reason)
        return Light("bad", scan, alone=True, reason=found.reason, asked=asked)

    def _before(self, number: int, now: datetime) -> StaleCode | None:
        """The code to compare with. Its time is in the untrusted clock, which the device may
        correct later.
        """
        kept = self._stale.get(number)
        return None if kept is None else StaleCode(kept.step, now - (self._clock.now() - kept.at))

    def _remember(self, number: int, stale: StaleCode, now: datetime) -> None:
        self._stale[number] = StaleCode(stale.step, self._clock.now() - (now - stale.at))

    def _saw(self, number: int, generation: int, presence: Presence, scan: int) -> None:
        self._seen[number] = Sight(generation, presence, scan, time.monotonic())
        self.ground.saw(number, generation, presence)

    def _crossed(self) -> Presence:
        gate, now = self.lane.gate, self.now()
        if self.ground.gates[gate].turnstile:
            return Presence("pending", now, gate, now + PASSAGE_WITHIN)
        return Presence("inside", now, gate)

    # --- its log ---------------------------------------------------------------------------------------------------

    def keep(self, kind: str, at: datetime, **about: Any) -> int:
        """Number, sign and store a scan that the device decided offline."""
        number, scan = self._signed(kind, at, offline=True, **about)
        self.unsent[number] = scan
        return number

    def _signed(self, kind: str, at: datetime, *, offline: bool = False, **about: Any) -> tuple[int, dict[str, str]]:
        self.last_number = number = next(self._numbers)
        body = {"number": number, "event_id": self._event_id, "gate": self.lane.gate, "at": at, "kind": kind}
        body |= about | {"offline": offline, "training": False}
        if not self._trusted:
            body["time_trusted"] = False
            self._unverified[number] = body, self._clock.now()
        return number, signed(self._key, msgspec.json.encode(body))

    def _put_right(self) -> None:
        """Sign scans with an untrusted time again, now that the server's time is known."""
        if not self._trusted:
            return
        for number, (body, seen) in self._unverified.items():
            if number in self.unsent:
                at = self.now() - (self._clock.now() - seen)
                self.unsent[number] = signed(self._key, msgspec.json.encode(body | {"at": at}))
        self._unverified.clear()

    async def flush(self) -> bool:
        """Upload the backlog, the oldest first; return whether all of it was acknowledged."""
        async with self._sending:
            self._put_right()
            while self.unsent:
                part = dict(itertools.islice(self.unsent.items(), BATCH))
                found = await self._send(list(part.values()), UPLOAD_WITHIN_S)
                if found is None or self.loses_an_answer:
                    self.loses_an_answer = self.loses_an_answer and found is None
                    return False
                self._answered_at = time.monotonic()
                self.refused += [answer for answer in found.answers if answer.outcome != "noted"]
                for number in part:
                    del self.unsent[number]
            return True

    # --- the server ------------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """Send a heartbeat every five seconds and upload the backlog, until cancelled."""
        while not self.revoked:
            await self.beat()
            await asyncio.sleep(BEAT_EVERY_S)

    async def beat(self) -> None:
        """Send a heartbeat, apply the changes, and upload the backlog."""
        said: dict[str, Any] = {
            "event_id": self._event_id,
            "gate": self.lane.gate,
            "at": self.own_time(),
            "backlog": len(self.unsent),
            "version": self.ground.version,
        }
        if self._offline_since is not None:
            said["offline_since"] = self._offline_since
        sent = self.own_time(), time.monotonic()
        reply = await self._request(b"POST", "/api/access/heartbeat", msgspec.json.encode(said), UPLOAD_WITHIN_S)
        if reply is None:
            return
        beat = _beats.decode(reply.body)
        self._learn(beat.now, sent)
        if beat.changes.reload:
            await self.fetch_pack()
        else:
            self.ground.apply(beat.changes)
        await self.flush()

    async def fetch_pack(self) -> None:
        """Fetch the pack and the keys that verify it.

        Drop older sightings and received changes, with a margin of some seconds before the request:
        the server may build a pack from data that is a few seconds old.
        """
        await self.flush()
        before = time.monotonic() - PACK_LAG_S
        settled = [] if self._answered_at > before else self._seen.items()
        settled_before = {number: one for number, one in settled if one.at < before and one.scan not in self.unsent}
        sealed = await self._request(b"GET", f"/api/access/pack/{self._event_id}", None, UPLOAD_WITHIN_S)
        keys = await self._request(b"GET", f"/api/events/{self._event_id}/pass-keys", None, UPLOAD_WITHIN_S)
        if keys is None or sealed is None:
            return
        published = _keys.decode(keys.body)
        pack = opened(_sealed.decode(sealed.body), published)
        if pack is None or (hasattr(self, "ground") and pack.expires_at < self.ground.pack.expires_at):
            return  # not signed, or older than the current one
        async with self._one_at_a_time:
            self._seen = {number: one for number, one in self._seen.items() if settled_before.get(number) is not one}
            self.ground = Ground(pack, published)
            for number, one in self._seen.items():
                self.ground.saw(number, one.generation, one.presence)

    async def _send(self, scans: list[dict[str, str]], within_s: float) -> Answers | None:
        sent = self.own_time(), time.monotonic()
        reply = await self._request(b"POST", "/api/access/scans", msgspec.json.encode({"scans": scans}), within_s)
        if reply is None:
            return None
        found = _answers.decode(reply.body)
        self._learn(found.now, sent)
        return found

    def _learn(self, server: datetime, sent: tuple[datetime, float]) -> None:
        """Estimate the server's time at the middle of the round trip; a slow round trip is ignored."""
        at, on_the_clock = sent
        if time.monotonic() - on_the_clock <= TRIP_MAX_S:
            self._learned = server - (at + (self.own_time() - at) / 2)
            self._trusted = True

    async def _request(self, method: bytes, path: str, body: bytes | None, within_s: float) -> Reply | None:
        """Send a request of this device; None without a good response in time. 401 ends the device."""
        reply = None
        if self.has_network:
            try:
                async with asyncio.timeout(within_s):
                    reply = await self._client.ask(method, path.encode(), self._headers, body)
            except (TimeoutError, Gone, OSError):
                reply = None
        if reply is not None:
            self.statuses[reply.status] += 1
            self.revoked = self.revoked or reply.status == UNAUTHORIZED
        self._online = reply is not None and reply.status < SERVER_ERROR and not self.revoked
        self._offline_since = None if self._online else self._offline_since or self.now()
        return reply if reply is not None and reply.status == OK else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
