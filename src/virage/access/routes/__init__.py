"""The doors of the gate."""

from virage.access.routes import accreditations, bans, devices, supervising

routers = [devices.router, supervising.router, supervising.board_router, bans.router, accreditations.router]
