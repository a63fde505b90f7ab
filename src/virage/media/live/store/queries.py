"""The named queries of live, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
