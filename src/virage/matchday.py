"""The composition root: every domain tied together, in the order of a match day. The only place that knows them all."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Authenticator, Credential, Principal
from virage.kernel.http import Lifespan, create_app
from virage.kernel.journal import Tail
from virage.kernel.stream import Hub, Topic, stream


@dataclass(frozen=True)
class House:
    """What every domain may build on: one configuration, one database, one clock a process."""

    config: Config
    db: Database
    clock: Clock


@dataclass(frozen=True)
class Domain:
    """What one domain brings: its routers, what handlers may ask for by name, its jobs, its stream topics."""

    routers: Sequence[ControllerRouterHandler] = ()
    dependencies: Mapping[str, Any] = field(default_factory=dict)
    jobs: Sequence[Callable[[Any], None]] = ()
    topics: Sequence[Topic] = ()
    lifespan: Sequence[Lifespan] = ()
    authenticator: Authenticator | None = None


# --- venue ---------------------------------------------------------------------------------------------------------


def _venue(_house: House) -> Domain:
    return Domain()


# --- programme -----------------------------------------------------------------------------------------------------


def _programme(_house: House) -> Domain:
    return Domain()


# --- people --------------------------------------------------------------------------------------------------------


def _people(_house: House) -> Domain:
    return Domain()


# --- payments ------------------------------------------------------------------------------------------------------


def _payments(_house: House) -> Domain:
    return Domain()


# --- passes --------------------------------------------------------------------------------------------------------


def _passes(_house: House) -> Domain:
    return Domain()


# --- ticketing -----------------------------------------------------------------------------------------------------


def _ticketing(_house: House) -> Domain:
    return Domain()


# --- the whole -----------------------------------------------------------------------------------------------------

DOMAINS: Sequence[Callable[[House], Domain]] = (_venue, _programme, _people, _payments, _passes, _ticketing)


async def _nobody(credentials: Sequence[Credential]) -> Sequence[Principal | None]:
    return [None for _ in credentials]


def build(config: Config, db: Database, clock: Clock) -> Litestar:
    """Return the web application of all domains over an open database."""
    house = House(config, db, clock)
    domains = [domain(house) for domain in DOMAINS]
    tail = Tail(db)
    hub = Hub(db, tail, [topic for domain in domains for topic in domain.topics])

    @asynccontextmanager
    async def streaming() -> AsyncIterator[None]:
        yield
        hub.close()
        await tail.close()

    return create_app(
        [stream, *(router for domain in domains for router in domain.routers)],
        config=config,
        db=db,
        clock=clock,
        authenticator=next((d.authenticator for d in domains if d.authenticator is not None), _nobody),
        dependencies={"hub": hub} | {name: value for domain in domains for name, value in domain.dependencies.items()},
        lifespan=[streaming, *(context for domain in domains for context in domain.lifespan)],
    )
