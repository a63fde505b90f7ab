"""MQTT client of a connected ball: impacts become kicks, goal-line and referee signals become entries.

It processes five hundred samples a second and yields a kick every few seconds. Broker and database may be unavailable
for a time; malformed payloads are counted, logged and dropped.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiomqtt
import msgspec
from msgspec import Struct

from virage.media.live import api as live
from virage.media.live.api import EntriesPublished
from virage.media.live.types import EntryRequest, RefereeSignal
from virage.media.tracking import acts
from virage.media.tracking.rules.imu import KMH, BadPayload, DetectorState, detect_impacts, read_batch
from virage.media.tracking.rules.kicks import Kick
from virage.media.tracking.rules.signals import SIGNALS_PER_MINUTE_MAX, entry_request_of, excess, is_noise, signal_of
from virage.platform.data.database import Database, Unavailable
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

RETRY_S: Final = 1.0
KICKS_WAITING: Final = 200
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class Broker(Struct, frozen=True):
    """Address and credentials of an MQTT broker."""

    host: str
    port: int
    secure: bool = False
    user: str | None = None
    password: str | None = None


def broker_of(url: str) -> Broker:
    """Return a broker from `mqtt://user:password@host:port`, or `mqtts://` for TLS; raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("A broker is mqtt://host:port or mqtts://host:port.")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return Broker(parts.hostname, parts.port or PORTS[parts.scheme], parts.scheme == "mqtts", user, password)


class BallListener:
    """Listener of one ball in one match.

    Counters: `bad` malformed payloads, `kicks` detected kicks, `signals` received signals, `dropped` signals that were
    discarded because the database was unavailable for too long.
    """

    def __init__(
        self,
        event_id: UUID,
        ball: str,
        broker: Broker,
        *,
        db: Database,
        clock: Clock,
        handlers: Sequence[EntriesPublished] = (),
    ) -> None:
        self._event_id, self._ball, self._broker = event_id, ball, broker
        self._db, self._clock, self._handlers = db, clock, handlers
        self._feeling = DetectorState()
        self._kicks: deque[Kick] = deque(maxlen=KICKS_WAITING)
        self._requests: dict[UUID, EntryRequest] = {}
        self._lately: deque[EntryRequest] = deque(maxlen=2 * SIGNALS_PER_MINUTE_MAX)
        self._news = asyncio.Event()
        self._imu = f"ball/{ball}/imu"
        self.bad = self.kicks = self.signals = self.dropped = 0
        self.connected = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for the database."""
        return not self._kicks and not self._requests

    @property
    def waiting(self) -> list[EntryRequest]:
        """Entries that wait for the database, in order of arrival."""
        return list(self._requests.values())

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._publish_requests(), name="ball-request")
            while True:
                try:
                    await self._listen()
                except aiomqtt.MqttError as failure:
                    self.connected = False
                    log.warning("broker_away", why=str(failure))
                    await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        """Subscribe with a named, persistent session: the broker keeps messages while this process is down."""
        broker = self._broker
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            identifier=f"virage-{self._event_id}-{self._ball}",
            clean_session=False,
            tls_context=ssl.create_default_context() if broker.secure else None,
        ) as client:
            await client.subscribe(
                [(self._imu, 0), *((f"{kind}/{self._event_id}", 1) for kind in ("goal-line", "referee"))]
            )
            self.connected = True
            log.info("broker_connected", ball=self._ball)
            async for message in client.messages:
                self.hear(message.topic.value, bytes(message.payload or b""))

    def hear(self, topic: str, payload: bytes) -> None:
        """Process a message; its results are stored as soon as the database is available."""
        try:
            if topic == self._imu:
                self._feel(payload)
            else:
                self._signal(payload)
        except (BadPayload, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as failure:
            self.bad += 1
            if _is_logged(self.bad):
                log.warning("payload_bad", topic=topic, why=str(failure), so_far=self.bad)

    def _feel(self, payload: bytes) -> None:
        self._feeling, blows = detect_impacts(self._feeling, read_batch(payload))
        for blow in blows:
            self.kicks += 1
            self._kicks.append(Kick(blow.at, self._ball, round(blow.speed * KMH)))
            self._news.set()

    def _signal(self, payload: bytes) -> None:
        request = entry_request_of(self._event_id, signal_of(payload))
        self.signals += 1
        if is_noise(request, self._lately):
            return
        if isinstance(request.content, RefereeSignal):
            self._lately.append(request)
        self._requests.setdefault(request.id, request)
        for id_ in excess(self._requests):
            given_up = self._requests.pop(id_)
            self.dropped += 1
            if _is_logged(self.dropped):
                log.warning("signal_dropped", at=given_up.at.isoformat(), so_far=self.dropped)
        self._news.set()

    async def _publish_requests(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._write()
            except Unavailable:
                await asyncio.sleep(RETRY_S)
                self._news.set()

    async def _write(self) -> None:
        """Store kicks and entries; they leave the queues only after the commit."""
        now, requests, kicks = self._clock.now(), self.waiting, list(self._kicks)
        if requests:
            outcomes = await self._db.transact(
                live.publish, self._event_id, requests, None, now, handlers=self._handlers
            )
            for request, outcome in zip(requests, outcomes, strict=True):
                self._requests.pop(request.id, None)
                if isinstance(outcome, Refused):
                    log.warning("signal_refused", reason=outcome.reason)
        if kicks:
            async with self._db.transaction() as conn:
                await acts.add_kicks(conn, self._event_id, kicks)
            for kick in kicks:
                if kick in self._kicks:
                    self._kicks.remove(kick)


def _is_logged(count: int) -> bool:
    """Return whether to log a count: powers of two, so that a broken sensor does not fill the disk."""
    return count & (count - 1) == 0
