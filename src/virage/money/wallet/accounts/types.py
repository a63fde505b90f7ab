"""Public Structs and pure functions of wallets."""

from virage.money.wallet.accounts.rules.bonus import Split as Split
from virage.money.wallet.accounts.rules.bonus import split as split
from virage.money.wallet.accounts.rules.wallets import DeskTender as DeskTender
from virage.money.wallet.accounts.rules.wallets import Wallet as Wallet
from virage.money.wallet.accounts.settings import AccountSettings as AccountSettings
