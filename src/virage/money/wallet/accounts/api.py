"""What other domains may do with accounts, and read of it."""

from virage.money.wallet.accounts.acts import close_purse as close_purse
from virage.money.wallet.accounts.acts import ensure_purse as ensure_purse
from virage.money.wallet.accounts.acts import lock as lock_purse_of_owner
from virage.money.wallet.accounts.acts import lock_purse_of as lock_purse_of
from virage.money.wallet.accounts.acts import lock_purses as lock_purses
from virage.money.wallet.accounts.acts import lock_turn_of_person as lock_turn_of_person
from virage.money.wallet.accounts.acts import move_balance as move_balance
from virage.money.wallet.accounts.acts import open_purses as open_purses
from virage.money.wallet.accounts.acts import own_purse as own_purse
from virage.money.wallet.accounts.reads import ALL as ALL
from virage.money.wallet.accounts.reads import END as END
from virage.money.wallet.accounts.reads import PAGE as PAGE
from virage.money.wallet.accounts.reads import PaidAt as PaidAt
from virage.money.wallet.accounts.reads import Statement as Statement
from virage.money.wallet.accounts.reads import available as available
from virage.money.wallet.accounts.reads import came_in as came_in
from virage.money.wallet.accounts.reads import closed_purses_with_money as closed_purses_with_money
from virage.money.wallet.accounts.reads import has_moved as has_moved
from virage.money.wallet.accounts.reads import purse_of as purse_of
from virage.money.wallet.accounts.reads import purses_by_id as purses_by_id
from virage.money.wallet.accounts.reads import purses_of as purses_of
from virage.money.wallet.accounts.reads import statement as statement
