"""Structs and pure functions of packages for the rules of other domains."""

from virage.sale.packages.rules.packages import PackageEvent as PackageEvent
from virage.sale.packages.rules.packages import discount_of as discount_of
from virage.sale.packages.rules.packages import discounted as discounted
from virage.sale.packages.rules.terms import Package as Package
from virage.sale.packages.rules.terms import PackageContent as PackageContent
