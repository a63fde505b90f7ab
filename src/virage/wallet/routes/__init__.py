"""The doors of the wallet."""

from virage.wallet.routes import purses

routers = [purses.router]
