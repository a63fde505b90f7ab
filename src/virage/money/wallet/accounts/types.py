"""What other domains' rules may know of accounts: its Structs and pure functions."""

from virage.money.wallet.accounts.rules.bonus import Split as Split
from virage.money.wallet.accounts.rules.bonus import split as split
from virage.money.wallet.accounts.rules.purses import DeskTender as DeskTender
from virage.money.wallet.accounts.rules.purses import Purse as Purse
from virage.money.wallet.accounts.settings import AccountSettings as AccountSettings
