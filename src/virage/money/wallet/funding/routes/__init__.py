"""The doors of purses and their funding."""

from virage.money.wallet.funding.routes import auto_top_ups, office, purses, till_desk

routers = [purses.router, auto_top_ups.router, till_desk.router, office.router]
