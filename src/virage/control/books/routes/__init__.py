"""Office routes of the books."""

from virage.control.books.routes import accounting, concessionaires, losses, sales

routers = [sales.router, concessionaires.router, accounting.router, losses.router]
