"""The doors of replays."""

from virage.replay.routes import desk, taps, watching

routers = [watching.router, desk.router, taps.router]
