"""The named queries of live, loaded once."""

from virage.kernel.sql import load

queries = load(__file__)
