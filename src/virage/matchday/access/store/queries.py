"""The named queries of access, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
