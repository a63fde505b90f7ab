"""The named queries of the funding, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
