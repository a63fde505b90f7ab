"""The named queries of the wallet, loaded once."""

from virage.platform.sql import load

queries = load(__file__)
