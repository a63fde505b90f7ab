"""The doors of the wallet."""

from virage.wallet.routes import cards

routers = [cards.mine_router, cards.router]
