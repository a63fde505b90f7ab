"""The named queries of settlement."""

from virage.platform.data.sql import load

queries = load(__file__)
