"""Food ordered by phone: when it can be ready, what its money does, and the kitchens that make it."""
