"""The demo: the match evening of a club, loaded through the public acts of the domains, idempotently."""

from virage.demo.load import load
from virage.demo.people import greeting

__all__ = ["greeting", "load"]
