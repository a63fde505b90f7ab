"""The doors of replays."""

from virage.replay.routes import desk, rights, taps, watching

routers = [watching.router, desk.router, rights.router, taps.router]
