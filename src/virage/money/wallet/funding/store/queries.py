"""The named queries of the funding, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
