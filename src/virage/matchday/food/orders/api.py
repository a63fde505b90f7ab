"""Operations and queries of food orders for other domains."""

from virage.matchday.food.orders.acts import kitchen as phone_orders
from virage.matchday.food.orders.acts.kitchen import set_capacity as set_capacity
from virage.matchday.food.orders.acts.ordering import forget_orders as forget_orders
from virage.matchday.food.orders.acts.ordering import lock_orders_of_erased as lock_orders_of_erased
from virage.matchday.food.orders.reads import kitchens as kitchens
from virage.matchday.food.orders.reads.emails import food_receipt as food_receipt_email
from virage.matchday.food.orders.reads.kitchen import capacities as capacities
from virage.matchday.food.orders.reads.orders import FoodReads as FoodReads
from virage.matchday.food.orders.reads.orders import export as export_orders
from virage.matchday.food.orders.reads.paid_at import outlets as outlets_paid_at
from virage.matchday.food.orders.reads.spent import food_spent as food_spent
