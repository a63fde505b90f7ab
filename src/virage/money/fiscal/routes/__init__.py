"""Routes of the fiscal journal."""

from virage.money.fiscal.routes import closings

routers = [closings.router]
