"""Public acts and reads of the ledger."""

from virage.money.wallet.ledger.acts import available as available
from virage.money.wallet.ledger.acts import lock_accounts as lock_accounts
from virage.money.wallet.ledger.acts import open_accounts as open_accounts
from virage.money.wallet.ledger.acts import post as post
from virage.money.wallet.ledger.reads import BalanceMismatch as BalanceMismatch
from virage.money.wallet.ledger.reads import HistoryRow as HistoryRow
from virage.money.wallet.ledger.reads import balance_mismatches as balance_mismatches
from virage.money.wallet.ledger.reads import balance_of_kinds as balance_of_kinds
from virage.money.wallet.ledger.reads import balances as balances
from virage.money.wallet.ledger.reads import balances_by_id as balances_by_id
from virage.money.wallet.ledger.reads import history as history
from virage.money.wallet.ledger.reads import sums_of_units as sums_of_units
from virage.money.wallet.ledger.reads import transfers as transfers
