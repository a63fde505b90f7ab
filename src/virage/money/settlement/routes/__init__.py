"""Office routes of settlement."""

from virage.money.settlement.routes import items, payouts, statements

routers = [payouts.router, items.router, statements.router]
