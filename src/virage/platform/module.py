"""What a domain declares in its `module.py`, and what it adds to a running process. `app/` collects both at start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from virage.platform.data.database import Database
from virage.platform.data.gauges import Gauge
from virage.platform.data.journal import Tail
from virage.platform.data.queue import Jobs
from virage.platform.realtime.hub import Topic
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Authenticator
from virage.platform.web.http import Lifespan
from virage.platform.web.routing import Router
from virage.platform.web.static import PageExists


@dataclass(frozen=True)
class LockException:
    """Why a query may lock rows out of the order of locks without a deadlock.

    `under` is what the transaction has locked before, with its schema; None where that is not why. `holds`: others may
    wait for these rows, so what is locked after them has a later place; False for new rows that nobody else knows.
    """

    reason: str
    under: str | None = None
    holds: bool = True


@dataclass(frozen=True)
class Module:
    """What a domain declares, the same in each process. `app/` refuses to start where a name stands in two modules.

    `name` is that of its database schema. `roles` are those of people of the staff that it brings; others may ask for
    them too. `refusals` are its
    codes with their HTTP status; a code that several domains answer with is declared by the lowest of them.

    `lock_ranks` are the tables of its schema whose rows are locked, in the order in which one transaction locks them,
    each with the tables whose rows change under the lock of a row of it alone. `query()` is an advisory lock that a
    query takes; `table where condition` are the rows that statements name by this condition. `lock_exceptions` are
    queries that lock in another order. docs/locks.md has the rules.
    """

    name: str
    routers: Sequence[Router] = ()
    roles: Sequence[str] = ()
    refusals: Mapping[str, int] = field(default_factory=dict)
    lock_ranks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lock_exceptions: Mapping[str, LockException] = field(default_factory=dict)


@dataclass(frozen=True)
class Process:
    """What every domain may build on: one configuration, one database, one clock, one tail of the journal."""

    config: Config
    db: Database
    clock: Clock
    tail: Tail


@dataclass(frozen=True)
class Parts:
    """What a domain adds to a process, made by the `build` of its module.

    `dependencies` are what handlers ask for by name. `pages`: which screens of the app show something, by address and
    its last segment; screens that are not named always do.
    """

    dependencies: Mapping[str, Any] = field(default_factory=dict)
    jobs: Sequence[Callable[[Jobs], None]] = ()
    topics: Sequence[Topic] = ()
    gauges: Sequence[Gauge] = ()
    lifespan: Sequence[Lifespan] = ()
    authenticator: Authenticator | None = None
    pages: Mapping[str, PageExists] = field(default_factory=dict)
