"""Routes of live."""

from virage.media.live.routes import feed, notifications

routers = [feed.router, notifications.router]
