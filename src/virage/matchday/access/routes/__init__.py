"""Routes of access."""

from virage.matchday.access.routes import accreditations, bans, devices, revocation
from virage.matchday.access.routes import supervision as supervision

routers = [
    devices.router,
    revocation.router,
    supervision.router,
    supervision.board_router,
    bans.router,
    accreditations.router,
]
