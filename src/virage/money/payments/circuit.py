"""A circuit breaker: after some failures in a row, callers are told at once, and one of them tries again later."""

FAILURES_MAX = 2
PAUSE_S = 3.0


class Circuit:
    """Times are those of a monotonic clock in seconds, given by the caller."""

    def __init__(self, failures_max: int = FAILURES_MAX, pause_s: float = PAUSE_S) -> None:
        self._failures_max = failures_max
        self._pause_s = pause_s
        self._failures = 0
        self._retry_at = 0.0

    def lets_through(self, now_s: float) -> bool:
        """Whether a call may be made. While the circuit is open, only one call each pause is: the trial."""
        if self._failures < self._failures_max:
            return True
        if now_s < self._retry_at:
            return False
        self._retry_at = now_s + self._pause_s
        return True

    def succeeded(self) -> None:
        """A call was answered: close the circuit."""
        self._failures = 0

    def failed(self, now_s: float) -> None:
        """A call was not answered."""
        self._failures += 1
        self._retry_at = now_s + self._pause_s
