"""The named queries of the menu, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
