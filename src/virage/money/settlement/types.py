"""Public Structs of settlement."""

from virage.money.settlement.rules.matching import SettledPayout as SettledPayout
