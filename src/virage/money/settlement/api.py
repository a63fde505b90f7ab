"""Public acts and reads of settlement."""

from virage.money.settlement.jobs import SettlementJob as SettlementJob
from virage.money.settlement.store.payouts import payouts_until as payouts_until
