"""The sandbox: a payment provider in a process of its own, spoken to over HTTP, for all but real money."""

from virage.money.payments.sandbox.process import Settings, run, serve

__all__ = ["Settings", "run", "serve"]
