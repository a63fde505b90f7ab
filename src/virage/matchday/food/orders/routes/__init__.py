"""The doors of fans who order, and of kitchens."""

from virage.matchday.food.orders.routes import kitchen, orders

routers = [orders.router, orders.office_router, kitchen.router]
