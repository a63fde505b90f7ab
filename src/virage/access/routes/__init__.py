"""The doors of the gate."""

from virage.access.routes import devices, supervising

routers = [devices.router, supervising.router, supervising.board_router]
