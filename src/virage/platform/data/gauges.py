"""Gauges: values read from the database for the metrics."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from virage.platform.data.database import Connection


class Gauge(NamedTuple):
    """A gauge of a domain, read at each scrape: one value per value of its label."""

    name: str
    about: str
    label: str
    read: Callable[[Connection], Awaitable[Mapping[str, float]]]
