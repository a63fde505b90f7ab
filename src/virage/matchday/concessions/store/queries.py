"""The named queries of concessions, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
