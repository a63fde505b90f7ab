"""Configuration that emails, keys and cookies need."""

from datetime import timedelta
from typing import Final

from msgspec import Struct

from virage.identity.people.rules.passkeys import RelyingParty, relying_party_of
from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.secrets import PeopleKeys, people_keys
from virage.identity.people.settings import PeopleSettings
from virage.platform.settings.config import Config

# As long as browsers allow: the server alone knows when a session ends.
COOKIE_AGE_S: Final = int(timedelta(days=400).total_seconds())


class PeopleConfig(Struct, frozen=True):
    """Keys, default language and email budget of the deployment."""

    keys: PeopleKeys
    all_keys: tuple[PeopleKeys, ...]
    """The current keys, then those of previous secrets, which open stored data."""
    locale: Locale
    newcomer_letters_per_min: int
    relying_party: RelyingParty | None
    """None: browsers give no passkeys to the public URL."""


def people_config_of(config: Config) -> PeopleConfig:
    """Return the people configuration of a deployment."""
    return PeopleConfig(
        keys=people_keys(config.secret),
        all_keys=tuple(map(people_keys, (config.secret, *config.secrets_previous))),
        locale=config.club.locale,
        newcomer_letters_per_min=config.of(PeopleSettings).newcomer_letters_per_min,
        relying_party=relying_party_of(config),
    )
