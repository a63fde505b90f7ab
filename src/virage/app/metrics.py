"""Metrics in the exposition format of Prometheus.

Each worker process counts for itself and exposes its own counters, labelled with its process id: a scrape through the
shared port reaches any one of them. Rates over all of a server's workers are sums over that label.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.gauges import Gauge
from virage.platform.data.queue import job_counts
from virage.platform.realtime.hub import Hub
from virage.platform.settings import logs
from virage.platform.settings.logs import log
from virage.platform.web.guard import Visit

disable_created_metrics()  # type: ignore[no-untyped-call]  # not typed by the library

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one worker process, and the gauges of all."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(
        self, batchers: Mapping[str, Batcher[Any, Any]], hub: Hub | None = None, gauges: Sequence[Gauge] = ()
    ) -> None:
        self._batchers = batchers
        self._hub = hub
        self._gauges = (
            Gauge("virage_jobs", "Jobs by status; failed ones are dead letters.", "status", job_counts),
            *gauges,
        )
        self._read: list[tuple[Gauge, Mapping[str, float]]] = []
        self._registry = CollectorRegistry(target_info={"pid": str(os.getpid())})
        self._requests = Counter(
            "virage_requests",
            "Requests by route template, method and status.",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "virage_request_seconds",
            "Time to the last byte of the answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._registry.register(_Collected(self))

    def observe(self, scope: Any, visit: Visit, status: int, seconds: float) -> None:
        """Count one request, and write its access line."""
        method = scope["method"] if scope["method"] in _METHODS else "other"  # clients can send any method
        key = (scope.get("path_template", "static"), method, status)
        counted = self._children.get(key)
        if counted is None:
            counted = self._children[key] = (self._requests.labels(*key), self._seconds.labels(key[0]))
        counted[0].inc()
        counted[1].observe(seconds)
        if logs.access:
            log.info(
                "request",
                request_id=visit.request_id,
                who=None if visit.principal is None else visit.principal.id,
                method=method,
                route=key[0],
                status=status,
                code=visit.code,
                duration_ms=round(seconds * 1000, 3),
            )

    async def exposition(self, db: Database) -> bytes:
        """Return all metrics as text; gauges are left out while the database is unavailable."""
        read: list[tuple[Gauge, Mapping[str, float]]] = []
        with suppress(Unavailable):
            async with db.connection() as conn:
                read = [(gauge, await gauge.read(conn)) for gauge in self._gauges]
        self._read = read
        return generate_latest(self._registry)

    def collected(self) -> Iterator[Metric]:
        """Yield the values of other components, read at each scrape."""
        items = CounterMetricFamily("virage_batch_items", "Items that went through a batcher.", labels=["batcher"])
        batches = CounterMetricFamily("virage_batches", "Batches that were run.", labels=["batcher"])
        largest = GaugeMetricFamily("virage_batch_largest", "The largest batch so far.", labels=["batcher"])
        queued = GaugeMetricFamily("virage_batch_queued", "Items that wait for their batch.", labels=["batcher"])
        for name, batcher in self._batchers.items():
            items.add_metric([name], batcher.items)
            batches.add_metric([name], batcher.batches)
            largest.add_metric([name], batcher.largest)
            queued.add_metric([name], batcher.queued)
        yield from (items, batches, largest, queued)
        for gauge, values in self._read:
            family = GaugeMetricFamily(gauge.name, gauge.about, labels=[gauge.label])
            for label, value in values.items():
                family.add_metric([label], value)
            yield family
        if self._hub is not None:
            yield GaugeMetricFamily("virage_stream_listeners", "Open streams.", value=self._hub.listening)
            yield CounterMetricFamily("virage_stream_let_go", "Streams that were too slow.", value=self._hub.let_go)
            yield CounterMetricFamily(
                "virage_stream_crowded",
                "Streams that made room for newer ones of their session.",
                value=self._hub.crowded,
            )


class _Collected:
    """A Prometheus collector of values that other components count."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics.collected()
