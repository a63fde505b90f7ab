"""The named queries of live, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
