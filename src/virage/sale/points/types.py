"""Structs of points for the rules of other domains."""

from virage.sale.points.rules.terms import EarningRule as EarningRule
from virage.sale.points.rules.terms import PointsTier as PointsTier
from virage.sale.points.rules.terms import ProgrammeContent as ProgrammeContent
from virage.sale.points.rules.terms import RewardContent as RewardContent
