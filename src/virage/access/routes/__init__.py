"""The doors of the gate."""

from virage.access.routes import devices

routers = [devices.router]
