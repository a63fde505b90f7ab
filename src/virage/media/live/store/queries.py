"""The named queries of live."""

from virage.platform.data.sql import load

queries = load(__file__)
