"""Circuit breaker: after repeated failures calls are refused at once, except one trial per pause."""

FAILURES_MAX = 2
PAUSE_S = 3.0


class Circuit:
    """Circuit breaker state. Times are monotonic seconds, passed by the caller."""

    def __init__(self, failures_max: int = FAILURES_MAX, pause_s: float = PAUSE_S) -> None:
        self._failures_max = failures_max
        self._pause_s = pause_s
        self._failures = 0
        self._retry_at = 0.0

    def lets_through(self, now_s: float) -> bool:
        """Return whether a call may be made. An open circuit allows one trial per pause."""
        if self._failures < self._failures_max:
            return True
        if now_s < self._retry_at:
            return False
        self._retry_at = now_s + self._pause_s
        return True

    def succeeded(self) -> None:
        """Record a success and close the circuit."""
        self._failures = 0

    def failed(self, now_s: float) -> None:
        """Record a failure."""
        self._failures += 1
        self._retry_at = now_s + self._pause_s
