"""The configuration, read once from the environment (VIRAGE_*); all defects are reported at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, TypeVar, cast, get_origin, runtime_checkable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from virage.platform.settings import parsing as parse
from virage.platform.settings.origin import is_loopback, names_this_machine
from virage.platform.values.money import EURO, Currency

SECRET_CHARACTERS_MIN = 8
STRONG = f"at least {parse.SECRET_LENGTH_MIN}, of which {SECRET_CHARACTERS_MIN} are different"

LANGUAGES: Final = ("fr", "en")
"""Of a deployment that names none."""

Settings = TypeVar("Settings", bound=Struct)


class ConfigError(Exception):
    """The environment is not a valid configuration. `defects` name each variable and what is wrong with it."""

    def __init__(self, defects: list[str]) -> None:
        super().__init__("The configuration is not valid:\n" + "\n".join(f"  {defect}" for defect in defects))
        self.defects = defects


class Club(Struct, frozen=True):
    """Name, colours (CSS hex) and default language of the club."""

    name: str = "Virage Football Club"
    """Name on tickets and pages."""
    short_name: str = "Virage"
    """Name below the app icon."""
    primary: Annotated[str, parse.colour] = "#14387f"
    """Primary colour."""
    secondary: Annotated[str, parse.colour] = "#da001a"
    """Secondary colour."""
    accent: Annotated[str, parse.colour] = "#c9a227"
    """Accent colour."""
    locale: str = "fr"
    """Default language, one of VIRAGE_LANGUAGES; unset: the first of them."""


class Config(Struct, frozen=True, kw_only=True):
    """The configuration. Each field is read from VIRAGE_ and its name in capitals (those of the club: VIRAGE_CLUB_*).

    Domains declare Structs of their own in `settings.py`, read the same way.
    """

    secret: str
    """At least 32 characters, of which 8 are different, as of `openssl rand -hex 32`; keys for signing-key encryption
    and codes are derived from it (`values.derivation`)."""
    secrets_previous: Annotated[tuple[str, ...], parse.secrets] = ()
    """Comma-separated previous secrets: they decrypt and verify, and are not used for anything new."""
    database_url: Annotated[str | None, parse.one_database] = None
    """PostgreSQL >= 16, one server, or a pooler in transaction mode in front of it; unset: the embedded server under
    `var_dir`."""
    database_direct_url: Annotated[str | None, parse.one_database] = None
    """The same database without the pooler, for migrations, singletons and jobs, which need a session. Unset:
    VIRAGE_DATABASE_URL, which then must not be a pooler."""
    database_connections: Annotated[int, parse.positive] = 10
    """Maximum number of database connections per process."""
    var_dir: Annotated[Path, Path] = Path("var")
    """Folder of the embedded database, objects, demo secrets and the local certificate authority."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, parse.port] = 8000
    """Port to listen on."""
    public_url: Annotated[str, parse.origin] = "http://localhost:8000"
    """Public address of the web, without a trailing slash; https in production."""
    loopback_listener: Annotated[bool, parse.boolean] = False
    """Demo only: this process listens on loopback without a proxy, so it serves the pages for its own machine although
    VIRAGE_PUBLIC_URL has another name. `virage run` starts one where it is needed."""
    workers: Annotated[int, parse.positive] = 1
    """Number of web worker processes."""
    drain_s: Annotated[int, parse.drain] = 0
    """Seconds that `virage serve` continues after SIGTERM: /readyz answers 503, requests are served, streams end one
    after the other. At least twice the interval of the load balancer's health checks; 0: end at once."""
    demo: Annotated[bool, parse.boolean] = False
    """A demo or a developer's machine: clock shift, generated secrets, the pages /mailbox and /cards (only if
    VIRAGE_PUBLIC_URL names this machine). Never in production."""
    objects_url: Annotated[str | None, parse.objects] = None
    """Object store: file:///…, az://container or s3://bucket; unset: `var_dir`/objects."""
    currency: Annotated[Currency, parse.currency] = EURO
    """Currency of all amounts (ISO 4217), with two decimals or none. Amounts in variables, tables and the API are in
    its minor unit, called cents. The first start stores it in the database; it never changes."""
    time_zone: Annotated[ZoneInfo, parse.time_zone] = ZoneInfo("Europe/Paris")
    """Time zone (IANA) of the deployment: days of the wallet (limits of cards, automatic top-ups), months at cash
    desks, accounting days."""
    house_address: Annotated[str, parse.printed] = ""
    """Postal address of the operator in one line, printed on receipts."""
    house_vat_number: Annotated[str, parse.printed] = ""
    """VAT number of the operator, printed on receipts."""
    edge_networks: Annotated[tuple[str, ...], parse.networks] = ()
    """Networks of the reverse proxies, comma-separated as in `10.0.0.0/8,fd00::/8`. `X-Forwarded-For` (the client) and
    `X-Country` (its country, two letters; for replay rights) are accepted from them only."""
    metrics_token: str | None = None
    """Bearer token of /metrics. Unset: access is refused, except from the machine of a demo."""
    log_level: Annotated[str, parse.level] = "info"
    """Log level: debug, info, warning or error; access lines are info."""
    clock_shift: Annotated[timedelta, parse.seconds] = timedelta(0)
    """VIRAGE_CLOCK_SHIFT in seconds, for demos only; refused in production."""
    clock_speed: Annotated[float, parse.speed] = 1.0
    """Speed of the clock, for demos only; production accepts only 1."""
    clock_origin: Annotated[datetime | None, parse.instant] = None
    """Time from which the clock is sped up, the same for all processes: VIRAGE_CLOCK_ORIGIN (RFC 3339)."""
    languages: Annotated[tuple[str, ...], parse.languages] = LANGUAGES
    """Languages of the deployment by BCP 47 tag, comma-separated, the default first. Published texts stand in all of
    them; each is a folder of `src/virage/messages`."""
    club: Club = Club()
    """The club's name, colours and language."""
    domains: Mapping[type[Struct], Struct] = {}
    """Settings of the domains: an instance of each of their Structs."""

    def of(self, kind: type[Settings]) -> Settings:
        """Return the settings of a domain, by its Struct; the defaults if none were read."""
        return cast("Settings", self.domains[kind]) if kind in self.domains else kind()

    def having(self, *settings: Struct) -> "Config":
        """Return a copy with these settings of domains."""
        return msgspec.structs.replace(self, domains={**self.domains, **{type(domain): domain for domain in settings}})

    def __repr__(self) -> str:
        """Return a text without secrets, because configurations are logged."""
        return f"Config(public_url={self.public_url!r}, demo={self.demo!r})"

    @property
    def direct_url(self) -> str:
        """The address of the database server; empty until the embedded one has started."""
        return self.database_direct_url or self.database_url or ""

    @property
    def objects_at(self) -> str:
        """The URL of the object store."""
        return self.objects_url or str(self.var_dir / "objects")

    @property
    def secure(self) -> bool:
        """Whether the public address is HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach this process by its public address."""
        return self.loopback_listener or names_this_machine(urlsplit(self.public_url).hostname or "")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies need HTTPS: always, except in a demo at http on this machine.

        Chromium and Firefox keep secure cookies of http://localhost; WebKit, the engine of Safari, does not.
        """
        return self.secure or not self.demo or not names_this_machine(urlsplit(self.public_url).hostname or "")


@runtime_checkable
class Contradicted(Protocol):
    """Settings of a domain that check values which are valid alone for contradictions."""

    def contradictions(self, config: Config) -> list[str]:
        """Return each contradiction as "VARIABLE: what to do"."""
        ...


def read(environ: Mapping[str, str], kinds: Sequence[type[Struct]]) -> Config:
    """Return the configuration that the environment describes, or raise ConfigError with every defect.

    `kinds` are the Structs that the domains declare; one that has `contradictions` is asked for them.
    """
    reading = _Reading(environ)
    values = {"secret": ""} | reading.fields(Config, "VIRAGE_")
    if "port" in values and not environ.get("VIRAGE_PUBLIC_URL"):
        values["public_url"] = f"http://localhost:{values['port']}"
    domains = {kind: kind(**reading.fields(kind, "VIRAGE_")) for kind in kinds}
    languages = values.get("languages", LANGUAGES)
    club = {"locale": languages[0], **reading.fields(Club, "VIRAGE_CLUB_")}
    if club["locale"] in languages:  # the default is the first
        values["languages"] = tuple(dict.fromkeys((club["locale"], *languages)))
    config = Config(**values, club=Club(**club), domains=domains)
    reported = {defect.partition(":")[0] for defect in reading.defects}
    found = _contradictions(config)
    found += [
        defect
        for settings in domains.values()
        if isinstance(settings, Contradicted)
        for defect in settings.contradictions(config)
    ]
    defects = reading.defects + [defect for defect in found if defect.partition(":")[0] not in reported]
    if defects:
        raise ConfigError(defects)
    return config


def _contradictions(config: Config) -> list[str]:
    """Return the contradictions between values that are valid alone."""
    defects = []
    if is_weak(config.secret):
        defects.append(f"VIRAGE_SECRET: set it to random characters, {STRONG} (openssl rand -hex 32)")
    if config.database_direct_url and not config.database_url:
        defects.append("VIRAGE_DATABASE_DIRECT_URL: VIRAGE_DATABASE_URL must name the same database")
    if config.loopback_listener and not is_loopback(config.host):
        defects.append("VIRAGE_LOOPBACK_LISTENER: VIRAGE_HOST must be a loopback address, as 127.0.0.1")
    if config.club.locale not in config.languages:
        defects.append(f"VIRAGE_CLUB_LOCALE: must be one of VIRAGE_LANGUAGES, {', '.join(config.languages)}")
    if config.demo:
        return defects
    if config.clock_shift or config.clock_speed != 1.0:
        defects.append("VIRAGE_CLOCK_SHIFT, VIRAGE_CLOCK_SPEED: only a demo may change the clock")
    if config.loopback_listener:
        defects.append("VIRAGE_LOOPBACK_LISTENER: only a demo has pages for its own machine")
    if not config.secure and urlsplit(config.public_url).hostname != "localhost":
        defects.append("VIRAGE_PUBLIC_URL: browsers need https:// (or http://localhost) for tickets and cookies")
    return defects


def is_weak(secret: str) -> bool:
    """Return whether a secret is short or not random."""
    return len(secret) < parse.SECRET_LENGTH_MIN or len(set(secret)) < SECRET_CHARACTERS_MIN


class _Reading:
    """Reads variables and collects their defects."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.defects: list[str] = []

    def fields(self, struct: type[Struct], prefix: str) -> dict[str, Any]:
        """Return the fields of a Struct whose variables are set and valid; the others keep their defaults."""
        return {
            field.name: value
            for field in msgspec.structs.fields(struct)
            if field.name not in ("club", "domains")
            and (value := self._value(f"{prefix}{field.name.upper()}", field.type)) is not None
        }

    def _value(self, variable: str, kind: Any) -> Any:
        raw = self._environ.get(variable, "")
        if not raw:
            return None
        parse_text = kind.__metadata__[0] if get_origin(kind) is Annotated else str
        try:
            return parse_text(raw)
        except ValueError as error:
            self.defects.append(f"{variable}: {error}")
            return None
