"""The doors of food and shop."""

from virage.concessions.routes import catalogue, derogations, stock

routers = [catalogue.public_router, catalogue.office_router, derogations.router, stock.router]
