"""The doors of the wallet."""

from virage.wallet.routes import cards, purses

routers = [purses.router, cards.mine_router, cards.router]
