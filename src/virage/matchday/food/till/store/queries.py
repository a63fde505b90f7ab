"""The named queries of the tills, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
