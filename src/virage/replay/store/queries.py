"""The named queries of replay, loaded once."""

from virage.kernel.sql import load

queries = load(__file__)
