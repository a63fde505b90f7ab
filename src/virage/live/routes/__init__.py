"""The doors of live."""

from virage.live.routes import feed, notices

routers = [feed.router, notices.router]
