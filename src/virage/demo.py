"""The demonstration: a club's evening, loaded by the public acts of the domains, the same however often it runs."""

from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database


async def load(config: Config, db: Database, clock: Clock) -> None:
    """Load what is not there yet."""


def greeting(config: Config) -> str:
    """Return what to tell whoever started the demonstration: the addresses, and who can sign in where."""
    return f"""
  {config.club.name} is open: {config.public_url}
"""
