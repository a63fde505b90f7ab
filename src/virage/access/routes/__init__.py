"""The doors of the gate."""

from virage.access.routes import bans, devices, supervising

routers = [devices.router, supervising.router, supervising.board_router, bans.router]
