"""The named queries of access, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
