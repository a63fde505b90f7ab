"""Routes of wallets and their funding."""

from virage.money.wallet.funding.routes import auto_top_ups, office, till_desk, wallets

routers = [wallets.router, auto_top_ups.router, till_desk.router, office.router]
