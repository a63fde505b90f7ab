"""The sandbox: a payment provider in a process of its own, spoken to over HTTP, for all but real money.

It knows nothing of Virage. `wire` and `signatures` are what its shop needs to speak to it.
"""

from virage_sandbox.process import Settings, run

__all__ = ["Settings", "run"]
