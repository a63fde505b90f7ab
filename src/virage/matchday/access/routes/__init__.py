"""The doors of the gate."""

from virage.matchday.access.routes import accreditations, bans, devices, revoking, supervising

routers = [
    devices.router,
    revoking.router,
    supervising.router,
    supervising.board_router,
    bans.router,
    accreditations.router,
]
