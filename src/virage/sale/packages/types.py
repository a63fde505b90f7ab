"""Structs of packages for the rules of other domains."""

from virage.sale.packages.rules.terms import PackageContent as PackageContent
