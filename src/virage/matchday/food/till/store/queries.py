"""Named queries of the tills."""

from virage.platform.data.sql import load

queries = load(__file__)
