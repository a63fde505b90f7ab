"""Commands and reads of packages for other domains."""

from virage.sale.packages.acts.packages import set_package as set_package
from virage.sale.packages.acts.subscribing import erased as forget_subscriptions
from virage.sale.packages.reads.packages import export as export_subscriptions
from virage.sale.packages.reads.packages import package_of as package_of
