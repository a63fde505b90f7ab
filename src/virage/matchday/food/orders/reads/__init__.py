"""What fans, kitchens and their offices may know of orders."""

from virage.matchday.food.orders.store import kitchens

__all__ = ["kitchens"]
