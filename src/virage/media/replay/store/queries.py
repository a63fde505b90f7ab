"""The named queries of replay, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
