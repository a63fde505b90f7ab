"""The named queries of cards, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
