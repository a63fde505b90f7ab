"""The doors of replays."""

from virage.replay.routes import describing, desk, files, rights, sharing, watching

routers = [watching.router, files.router, desk.router, rights.router, describing.router, sharing.router]
