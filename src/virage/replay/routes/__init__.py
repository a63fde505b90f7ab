"""The doors of replays."""

from virage.replay.routes import cameras, desk, watching

routers = [watching.router, desk.router, cameras.router]
