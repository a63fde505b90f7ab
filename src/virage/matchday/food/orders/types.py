"""What other domains' rules may know of orders: its Structs and pure functions."""

from virage.matchday.food.orders.rules.orders import Capacity as Capacity
