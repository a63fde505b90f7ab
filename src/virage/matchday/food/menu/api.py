"""What other domains may do with menu, and read of it."""

from virage.matchday.food.menu.acts.alcohol_permits import enter as add_alcohol_permit
from virage.matchday.food.menu.acts.catalogue import publish as publish_catalogue
from virage.matchday.food.menu.acts.catalogue import put_item as put_item
from virage.matchday.food.menu.acts.catalogue import set_prices as set_prices
from virage.matchday.food.menu.acts.stock import Sold as Sold
from virage.matchday.food.menu.acts.stock import record as record_stock
from virage.matchday.food.menu.acts.stock import record_sales as record_sales
from virage.matchday.food.menu.acts.stock import set_thresholds as set_thresholds
from virage.matchday.food.menu.reads import permits_around as permits_around
from virage.matchday.food.menu.reads import version_in_force as version_in_force
from virage.matchday.food.menu.reads.catalogue import Catalogues as Catalogues
from virage.matchday.food.menu.reads.catalogue import OutletCatalogue as OutletCatalogue
from virage.matchday.food.menu.reads.catalogue import Terms as Terms
from virage.matchday.food.menu.reads.catalogue import alcohol_permit as alcohol_permit
from virage.matchday.food.menu.reads.catalogue import draft_view as draft_view
from virage.matchday.food.menu.reads.catalogue import events_by_venue as events_by_venue
from virage.matchday.food.menu.reads.catalogue import on_at as on_at
from virage.matchday.food.menu.reads.catalogue import publications as publications
from virage.matchday.food.menu.reads.catalogue import shown_at as shown_at
from virage.matchday.food.menu.reads.catalogue import terms_at as terms_at
from virage.matchday.food.menu.reads.stock import levels as levels
