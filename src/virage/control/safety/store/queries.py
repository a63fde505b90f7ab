"""The named queries of the `.sql` files beside this one, loaded once."""

from virage.platform.data.sql import load

queries = load(__file__)
