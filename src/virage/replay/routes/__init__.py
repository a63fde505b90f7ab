"""The doors of replays."""

from virage.replay.routes import cameras, desk, rights, watching

routers = [watching.router, desk.router, cameras.router, rights.router]
