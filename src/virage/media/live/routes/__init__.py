"""The doors of live."""

from virage.media.live.routes import feed, notices

routers = [feed.router, notices.router]
