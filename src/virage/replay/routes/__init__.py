"""The doors of replays."""

from virage.replay.routes import desk, watching

routers = [watching.router, desk.router]
