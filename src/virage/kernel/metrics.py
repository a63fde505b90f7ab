"""What Virage counts about itself, in the exposition format of Prometheus."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from virage.kernel.guard import Visit
from virage.kernel.logs import log

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one worker process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "virage_requests",
            "Requests by route template, method and status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "virage_request_seconds",
            "Time to the last byte of the answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def observe(self, scope: Any, visit: Visit, status: int, seconds: float) -> None:
        """Count one answered request and write its line."""
        route = scope.get("path_template", "static")
        self.requests.labels(route, scope["method"], status).inc()
        self.seconds.labels(route).observe(seconds)
        log.info(
            "request",
            request_id=visit.request_id,
            who=None if visit.principal is None else visit.principal.id,
            method=scope["method"],
            route=route,
            status=status,
            code=visit.code,
            duration_ms=round(seconds * 1000, 3),
        )
