"""The demonstration: a club's evening, loaded by the public acts of the domains, the same however often it runs."""

from virage.demo.load import load
from virage.demo.people import greeting

__all__ = ["greeting", "load"]
