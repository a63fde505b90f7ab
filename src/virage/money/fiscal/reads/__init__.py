"""Reads of chains and closings for other domains."""

from virage.money.fiscal.store import closings_listed, heads_of, last_closings

__all__ = ["closings_listed", "heads_of", "last_closings"]
