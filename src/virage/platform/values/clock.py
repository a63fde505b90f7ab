"""The clock. Rules and SQL get the time as a parameter."""

from datetime import UTC, datetime, timedelta

NO_SHIFT = timedelta()
SPEED_MAX = 1000  # timeouts in real seconds would expire with a faster clock


class Clock:
    """The time in UTC, shifted and sped up in a demo.

    `shift` moves the clock, `speed` is the number of clock seconds in a real second, counted from the construction
    or from `origin` where several processes must agree. `production` refuses both.
    """

    def __init__(
        self,
        shift: timedelta = NO_SHIFT,
        speed: float = 1.0,
        *,
        origin: datetime | None = None,
        production: bool = False,
    ) -> None:
        if production and (shift or speed != 1.0):
            raise ValueError("The clock of a production system can be neither shifted nor sped up.")
        if not 0 < speed <= SPEED_MAX:
            raise ValueError(f"The speed of the clock is above 0 and at most {SPEED_MAX}.")
        self._shift = shift
        self._speed = speed
        self._origin = origin or datetime.now(UTC)

    @property
    def speed(self) -> float:
        """Clock seconds per real second."""
        return self._speed

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        real = datetime.now(UTC)
        if self._speed == 1.0:
            return real + self._shift
        return self._origin + (real - self._origin) * self._speed + self._shift
