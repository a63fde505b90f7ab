"""The named queries of concessions, loaded once."""

from virage.kernel.sql import load

queries = load(__file__)
