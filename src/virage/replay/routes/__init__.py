"""The doors of replays."""

from virage.replay.routes import desk, rights, watching

routers = [watching.router, desk.router, rights.router]
