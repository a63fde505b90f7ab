"""Named queries of the books."""

from virage.platform.data.sql import load

queries = load(__file__)
