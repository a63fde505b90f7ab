"""Configuration that emails, keys and cookies need."""

from datetime import timedelta
from typing import Final

from msgspec import Struct

from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.passkeys import RelyingParty, relying_party_of
from virage.identity.people.rules.persons import Locale
from virage.identity.people.rules.secrets import PeopleKeys, people_keys
from virage.identity.people.rules.sso import Sso, role_of
from virage.identity.people.settings import PeopleSettings
from virage.platform.settings.config import Config, ConfigError

BROWSER_COOKIE: Final = "virage-browser"
"""The cookie with the number of a browser in which a person signs in."""
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
    sso: Sso | None
    """Single sign-on of the staff; None: the deployment has none."""


def people_config_of(config: Config) -> PeopleConfig:
    """Return the people configuration of a deployment."""
    return PeopleConfig(
        keys=people_keys(config.secret),
        all_keys=tuple(map(people_keys, (config.secret, *config.secrets_previous))),
        locale=config.club.locale,
        newcomer_letters_per_min=config.of(PeopleSettings).newcomer_letters_per_min,
        relying_party=relying_party_of(config),
        sso=sso_of(config.of(PeopleSettings)),
    )


def sso_of(settings: PeopleSettings) -> Sso | None:
    """Return the single sign-on of a deployment, None without an issuer. Raises ConfigError for roles that are none."""
    if settings.oidc_issuer is None:
        return None
    roles = [(group, role, role_of(role)) for group, role in settings.oidc_roles]
    reserves = [(address, normalise_address(address)) for address in settings.oidc_break_glass]
    defects = [
        f"VIRAGE_OIDC_ROLES: {role} is no role; write group=role or group=role@scope:id"
        for _, role, grant in roles
        if grant is None
    ]
    defects += [
        f"VIRAGE_OIDC_BREAK_GLASS: {address} is no e-mail address" for address, plain in reserves if plain is None
    ]
    if defects:
        raise ConfigError(defects)
    return Sso(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        name=settings.oidc_name,
        domains=tuple(domain.lower() for domain in settings.oidc_domains),
        break_glass=tuple(plain for _, plain in reserves if plain is not None),
        groups_claim=settings.oidc_groups_claim,
        roles=tuple((group, grant) for group, _, grant in roles if grant is not None),
    )
