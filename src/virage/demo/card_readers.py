"""Simulated card readers of the sandbox at two outlets; a cashier chooses one in the menu of the till."""

from datetime import UTC, datetime
from typing import Final

from virage.demo.ids import demo_id
from virage.money.card_readers.api import register
from virage.money.card_readers.types import Reader
from virage.platform.data.database import Connection

OUTLETS: Final = ("01", "07")
SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)


async def load_card_readers(conn: Connection, now: datetime) -> None:
    """Create the missing readers. Each takes a card by itself after some seconds."""
    for outlet in OUTLETS:
        id_ = demo_id(f"card reader {outlet}", SINCE)
        await register(conn, Reader(id_, f"simulated-wpe/{outlet}", f"{outlet} · demo", outlet, None, now), None)
