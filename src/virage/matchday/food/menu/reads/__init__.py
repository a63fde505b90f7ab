"""What counters, kitchens and their offices may know of what is sold."""

from virage.matchday.food.menu.store.catalogue import version_in_force
from virage.matchday.food.menu.store.derogations import derogations_around

__all__ = ["derogations_around", "version_in_force"]
