"""The doors of replays."""

from virage.replay.routes import cameras, desk, rights, taps, watching

routers = [watching.router, desk.router, cameras.router, rights.router, taps.router]
