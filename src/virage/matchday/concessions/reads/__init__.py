"""What counters, offices and neighbours may know of concessions."""

from virage.matchday.concessions.store.orders import kitchens

__all__ = ["kitchens"]
