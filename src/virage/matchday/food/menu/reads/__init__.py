"""Queries of the menu."""

from virage.matchday.food.menu.store.alcohol_permits import permits_around
from virage.matchday.food.menu.store.catalogue import version_in_force

__all__ = ["permits_around", "version_in_force"]
