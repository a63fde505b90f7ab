"""The named queries of the wallet, loaded once."""

from virage.kernel.sql import load

queries = load(__file__)
