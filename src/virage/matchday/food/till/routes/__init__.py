"""Routes of the tills."""

from virage.matchday.food.till.routes import till, tills

routers = [till.router, tills.router]
