"""The named queries of access, loaded once."""

from virage.kernel.sql import load

queries = load(__file__)
