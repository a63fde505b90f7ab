"""The configuration of a process: the settings of the deployment and of the domains."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from virage.control.books.settings import BookSettings
from virage.control.safety.settings import SafetySettings
from virage.identity.people.settings import PeopleSettings
from virage.matchday.food.orders.settings import FoodOrderSettings
from virage.matchday.food.till.settings import TillSettings
from virage.media.live.settings import LiveSettings
from virage.media.replay.settings import ReplaySettings
from virage.money.payments.settings import PaymentSettings
from virage.money.wallet.accounts.settings import AccountSettings
from virage.money.wallet.cards.settings import CardSettings
from virage.money.wallet.funding.settings import FundingSettings
from virage.platform.settings import config
from virage.platform.settings.config import Config
from virage.sale.packages.settings import InstalmentSettings
from virage.sale.ticketing.settings import ExchangeSettings, ReminderSettings

# Not collected from the modules: a command that only reads the configuration would load every domain for it.
SETTINGS: Final[tuple[type[Struct], ...]] = (
    PeopleSettings,
    PaymentSettings,
    AccountSettings,
    CardSettings,
    FundingSettings,
    ExchangeSettings,
    ReminderSettings,
    InstalmentSettings,
    TillSettings,
    FoodOrderSettings,
    LiveSettings,
    ReplaySettings,
    BookSettings,
    SafetySettings,
)


def read(environ: Mapping[str, str]) -> Config:
    """Return the configuration of the environment. Raises ConfigError with all defects."""
    return config.read(environ, SETTINGS)
