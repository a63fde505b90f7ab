"""What letters, keys and cookies need to know about the deployment, gathered once."""

from datetime import timedelta
from typing import Final

from msgspec import Struct

from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.secrets import Secrets, secrets_of
from virage.identity.people.settings import PeopleSettings
from virage.platform.settings.config import Config

# As long as browsers allow: the server alone knows when a session ends.
COOKIE_AGE_S: Final = int(timedelta(days=400).total_seconds())


class Letterhead(Struct, frozen=True):
    """Keys, default language and letter budget of the deployment."""

    keys: Secrets
    all_keys: tuple[Secrets, ...]
    """The keys, then those of secrets before: they open what is stored."""
    locale: Locale
    newcomer_letters_per_min: int


def letterhead_of(config: Config) -> Letterhead:
    """The letterhead of a configuration."""
    return Letterhead(
        keys=secrets_of(config.secret),
        all_keys=tuple(map(secrets_of, (config.secret, *config.secrets_previous))),
        locale=Locale(config.club.locale),
        newcomer_letters_per_min=config.of(PeopleSettings).newcomer_letters_per_min,
    )
