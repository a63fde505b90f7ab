"""Fixtures of the food tests."""

from tests.matchday.food.conftest import bar, board, counters, kitchen, vault

__all__ = ["bar", "board", "counters", "kitchen", "vault"]
