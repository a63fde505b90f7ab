"""Current fault of a camera: of its transport, its clock, or the object store."""

from datetime import datetime

from virage.media.replay.rules.cameras import PASSING, SHOWN_FOR, Fault

Since = tuple[Fault, datetime]


class Health:
    """Faults of one camera, and the end of its last stored picture. Used by the event loop only."""

    def __init__(self) -> None:
        self._transport: Since | None = None
        self._store: Since | None = None
        self.seen_at: datetime | None = None
        self.lost = 0

    @property
    def fault(self) -> Since | None:
        """The fault to report: first that of the object store, which affects all cameras."""
        return self._store or self._transport

    def take_ended(self, fault: Fault, now: datetime) -> None:
        """Record the fault that ended a take."""
        if self._transport is None or self._transport[0] is not fault:
            self._transport = (fault, now)

    def picture_received(self, now: datetime) -> None:
        """Clear the fault of the transport, but show a temporary one for `SHOWN_FOR`."""
        if self._transport is not None:
            fault, since = self._transport
            if fault not in PASSING or now - since >= SHOWN_FOR:
                self._transport = None

    def store_failed(self, fault: Fault, now: datetime) -> None:
        """Record that parts cannot be stored."""
        if self._store is None or self._store[0] is not fault:
            self._store = (fault, now)

    def stored(self, until: datetime) -> None:
        """Record a stored segment that ends at `until`."""
        self._store = None
        self.seen_at = until if self.seen_at is None else max(self.seen_at, until)
