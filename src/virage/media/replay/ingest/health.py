"""What is wrong with a camera at this moment, of all that may be: its transport, its clock, the store behind it."""

from datetime import datetime

from virage.media.replay.rules.cameras import PASSING, SHOWN_FOR, Fault

Since = tuple[Fault, datetime]


class Health:
    """Faults of one camera, and until when it was seen. Only the loop touches it."""

    def __init__(self) -> None:
        self._transport: Since | None = None
        self._store: Since | None = None
        self.seen_at: datetime | None = None
        self.lost = 0

    @property
    def fault(self) -> Since | None:
        """What to tell of: a store that is away loses what every camera sends, so it comes first."""
        return self._store or self._transport

    def take_ended(self, fault: Fault, now: datetime) -> None:
        """A take ended."""
        if self._transport is None or self._transport[0] is not fault:
            self._transport = (fault, now)

    def picture_received(self, now: datetime) -> None:
        """A picture has come."""
        if self._transport is not None:
            fault, since = self._transport
            if fault not in PASSING or now - since >= SHOWN_FOR:
                self._transport = None

    def store_failed(self, fault: Fault, now: datetime) -> None:
        """What came cannot be kept for now."""
        if self._store is None or self._store[0] is not fault:
            self._store = (fault, now)

    def stored(self, until: datetime) -> None:
        """Something is kept; `until`: when it ends."""
        self._store = None
        self.seen_at = until if self.seen_at is None else max(self.seen_at, until)
