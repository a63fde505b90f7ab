"""Structs and pure functions of food orders for other domains."""

from virage.matchday.food.orders.rules.orders import KitchenCapacity as KitchenCapacity
