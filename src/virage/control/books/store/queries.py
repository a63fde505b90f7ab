"""The named queries of the books, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
