"""What a domain finds in the house, and what it brings into it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from litestar.types import ControllerRouterHandler

from virage.platform.data.database import Database
from virage.platform.data.gauges import Gauge
from virage.platform.data.journal import Tail
from virage.platform.data.queue import Jobs
from virage.platform.realtime.hub import Topic
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Authenticator
from virage.platform.web.http import Lifespan
from virage.platform.web.static import PageExists


@dataclass(frozen=True)
class House:
    """What every domain may build on: one configuration, one database, one clock a process."""

    config: Config
    db: Database
    clock: Clock
    tail: Tail


@dataclass(frozen=True)
class Domain:
    """What one domain brings: routers, what handlers may ask for by name, jobs, stream topics, what to watch.

    `pages`: which screens of the app show something, by address and its last segment; screens not named always do.
    """

    routers: Sequence[ControllerRouterHandler] = ()
    dependencies: Mapping[str, Any] = field(default_factory=dict)
    jobs: Sequence[Callable[[Jobs], None]] = ()
    topics: Sequence[Topic] = ()
    gauges: Sequence[Gauge] = ()
    lifespan: Sequence[Lifespan] = ()
    authenticator: Authenticator | None = None
    pages: Mapping[str, PageExists] = field(default_factory=dict)
