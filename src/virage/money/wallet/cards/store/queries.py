"""The named queries of cards, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
