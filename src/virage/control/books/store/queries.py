"""The named queries of the books, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
