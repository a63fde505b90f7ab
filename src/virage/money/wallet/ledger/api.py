"""What other domains may do with ledger, and read of it."""

from virage.money.wallet.ledger.acts import available as available
from virage.money.wallet.ledger.acts import lock_accounts as lock_accounts
from virage.money.wallet.ledger.acts import open_accounts as open_accounts
from virage.money.wallet.ledger.acts import post as post
from virage.money.wallet.ledger.reads import Astray as Astray
from virage.money.wallet.ledger.reads import Moved as Moved
from virage.money.wallet.ledger.reads import astray as astray
from virage.money.wallet.ledger.reads import balance_of_kinds as balance_of_kinds
from virage.money.wallet.ledger.reads import balances as balances
from virage.money.wallet.ledger.reads import balances_by_id as balances_by_id
from virage.money.wallet.ledger.reads import history as history
from virage.money.wallet.ledger.reads import sum_of_balances as sum_of_balances
from virage.money.wallet.ledger.reads import transfers as transfers
