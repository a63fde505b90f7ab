"""Commands and reads of packages for other domains."""

from virage.sale.packages.acts.packages import set_package as set_package
from virage.sale.packages.acts.subscribing import NewSeats as NewSeats
from virage.sale.packages.acts.subscribing import NotHeld as NotHeld
from virage.sale.packages.acts.subscribing import SeatedParty as SeatedParty
from virage.sale.packages.acts.subscribing import erased as forget_subscriptions
from virage.sale.packages.acts.subscribing import hold_seats as hold_seats
from virage.sale.packages.acts.subscribing import reseat as reseat
from virage.sale.packages.reads.instalments import instalment_email as instalment_email
from virage.sale.packages.reads.packages import SubscriptionView as SubscriptionView
from virage.sale.packages.reads.packages import export as export_subscriptions
from virage.sale.packages.reads.packages import package_of as package_of
from virage.sale.packages.reads.packages import packages_by_id as packages_by_id
from virage.sale.packages.reads.packages import subscriptions_by_id as subscriptions_by_id
