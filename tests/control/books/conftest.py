"""The counters, the bar and the kitchen of the tests of food."""

from tests.matchday.food.conftest import bar, board, counters, kitchen, vault

__all__ = ["bar", "board", "counters", "kitchen", "vault"]
