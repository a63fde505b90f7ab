"""Settings of live."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class LiveSettings(Struct, frozen=True, kw_only=True):
    """Settings of the feed."""

    edge_url: Annotated[str | None, parse.origin] = None
    """Where the edge of nginx and nchan takes what it tells phones, as http://127.0.0.1:8081 (deploy/nchan)."""
