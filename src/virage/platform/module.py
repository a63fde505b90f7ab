"""The declarations of a domain (`module.py`), and what it adds to a process. `app/` collects both at start."""

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
    """The reason why a query may lock rows out of order without a deadlock.

    `under` is the table, with its schema, that the transaction has locked before; None where the reason is another.
    `holds` is whether other transactions may wait for these rows, which then count in the order of later locks; it is
    False for new rows that are not yet visible to others.
    """

    reason: str
    under: str | None = None
    holds: bool = True


@dataclass(frozen=True)
class Module:
    """The declarations of a domain, the same in each process. A name declared by two modules is a start-up error.

    `name` is that of the database schema. `roles` are the staff roles that the domain adds; other domains may require
    them too. `refusals` are its codes with their HTTP status; a code that several domains use is declared by the lowest
    of them.

    `lock_ranks` are the tables of its schema whose rows are locked, in the order in which a transaction locks them,
    each with the tables whose rows change only under that lock. `query()` is an advisory lock that a query takes;
    `table where condition` are the rows that statements select by this condition. `lock_exceptions` are queries that
    lock in another order. docs/locks.md has the rules.
    """

    name: str
    routers: Sequence[Router] = ()
    roles: Sequence[str] = ()
    refusals: Mapping[str, int] = field(default_factory=dict)
    lock_ranks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lock_exceptions: Mapping[str, LockException] = field(default_factory=dict)


@dataclass(frozen=True)
class Process:
    """What every domain gets at start: the configuration, the database, the clock and the tail of the journal."""

    config: Config
    db: Database
    clock: Clock
    tail: Tail


@dataclass(frozen=True)
class Parts:
    """What a domain adds to a process, made by the `build` of its module.

    `dependencies` are passed to handlers by parameter name. `pages` tell whether the last segment of an address of the
    app exists, by address; addresses that are not listed always exist.
    """

    dependencies: Mapping[str, Any] = field(default_factory=dict)
    jobs: Sequence[Callable[[Jobs], None]] = ()
    topics: Sequence[Topic] = ()
    gauges: Sequence[Gauge] = ()
    lifespan: Sequence[Lifespan] = ()
    authenticator: Authenticator | None = None
    pages: Mapping[str, PageExists] = field(default_factory=dict)
