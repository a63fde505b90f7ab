"""The doors of the office to the books."""

from virage.control.books.routes import office_books, office_concessionaires, office_losses, office_sales

routers = [office_sales.router, office_concessionaires.router, office_books.router, office_losses.router]
