"""The doors of tills, and of the office to them."""

from virage.matchday.food.till.routes import till, tills

routers = [till.router, tills.router]
