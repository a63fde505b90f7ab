"""The named queries of replay."""

from virage.platform.data.sql import load

queries = load(__file__)
