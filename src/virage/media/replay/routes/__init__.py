"""Routes of replay."""

from virage.media.replay.routes import cameras, describing, desk, files, rights, sharing, taps, watching

routers = [
    watching.router,
    files.router,
    desk.router,
    cameras.router,
    rights.router,
    describing.router,
    sharing.router,
    taps.router,
]
