"""The doors of the office to closings and archives."""

from virage.money.fiscal.routes import closings

routers = [closings.router]
