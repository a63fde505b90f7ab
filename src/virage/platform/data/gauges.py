"""Gauges: figures of the database that the metrics page shows."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from virage.platform.data.database import Connection


class Gauge(NamedTuple):
    """What a domain wants watched: read from the database at each scrape, one value for each value of its label."""

    name: str
    about: str
    label: str
    read: Callable[[Connection], Awaitable[Mapping[str, float]]]
