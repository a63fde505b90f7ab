"""The named queries of replay, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
