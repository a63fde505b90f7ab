"""Public Structs and pure functions of the ledger."""

from virage.money.wallet.ledger.rules import CENTS_MAX as CENTS_MAX
from virage.money.wallet.ledger.rules import IN_POINTS as IN_POINTS
from virage.money.wallet.ledger.rules import Account as Account
from virage.money.wallet.ledger.rules import AccountKind as AccountKind
from virage.money.wallet.ledger.rules import Balance as Balance
from virage.money.wallet.ledger.rules import Entry as Entry
from virage.money.wallet.ledger.rules import Posted as Posted
from virage.money.wallet.ledger.rules import Reason as Reason
from virage.money.wallet.ledger.rules import Step as Step
from virage.money.wallet.ledger.rules import StoredTransfer as StoredTransfer
from virage.money.wallet.ledger.rules import Transfer as Transfer
from virage.money.wallet.ledger.rules import account as account
from virage.money.wallet.ledger.rules import bonus as bonus
from virage.money.wallet.ledger.rules import wallet_account as wallet_account
