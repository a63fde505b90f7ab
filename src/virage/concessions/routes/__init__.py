"""The doors of the outlets."""

from virage.concessions.routes import till

routers = [till.router]
