"""The sandbox payment provider: a separate process with an HTTP API, for everything except real money.

It knows nothing of Virage. `wire` and `signatures` are what its shop needs to speak to it.
"""

from virage_sandbox.process import Settings, run

__all__ = ["Settings", "run"]
