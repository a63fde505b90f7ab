"""The whole configuration, read once from the environment (VIRAGE_*), every defect reported at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from virage.platform.settings.origin import is_loopback, is_private, names_this_machine
from virage.platform.settings.parsing import PARSERS, SECRET_LENGTH_MIN

SECRET_CHARACTERS_MIN = 8
_STRONG = f"at least {SECRET_LENGTH_MIN}, of which {SECRET_CHARACTERS_MIN} are different"


class ConfigError(Exception):
    """The environment does not make a configuration. `defects` names each variable and what is wrong with it."""

    def __init__(self, defects: list[str]) -> None:
        super().__init__("The configuration is not valid:\n" + "\n".join(f"  {defect}" for defect in defects))
        self.defects = defects


class Club(Struct, frozen=True):
    """How the club looks and speaks. Colours are CSS hex colours."""

    name: str = "Virage Football Club"
    """As it stands on tickets and pages."""
    short_name: str = "Virage"
    """As it fits below an icon."""
    primary: str = "#14387f"
    """The colour of the club."""
    secondary: str = "#da001a"
    """The second colour."""
    accent: str = "#c9a227"
    """The colour of ornaments."""
    locale: str = "fr"
    """The language of whoever has chosen none: fr or en."""


class Config(Struct, frozen=True, kw_only=True):
    """One running Virage. Each field is read from VIRAGE_ and its name in capitals (club fields: VIRAGE_CLUB_*)."""

    secret: str
    """At least 32 characters, of which 8 are different, as of `openssl rand -hex 32`; keys for signing-key encryption
    and codes are derived from it (`security.derive`)."""
    secrets_previous: tuple[str, ...] = ()
    """Comma-separated secrets that came before: they still open what they closed, they close nothing new."""
    database_url: str | None = None
    """PostgreSQL >= 16; unset: the embedded server under `var_dir`."""
    database_connections: int = 10
    """At most so many connections a process."""
    var_dir: Path = Path("var")
    """Where the embedded database, objects, demo secrets and the local authority live."""
    host: str = "127.0.0.1"
    """Which address of this machine to listen on."""
    port: int = 8000
    """Which port to listen on."""
    public_url: str = "http://localhost:8000"
    """How browsers reach the web, without a slash at the end; https in production."""
    loopback_listener: bool = False
    """Demonstrations only: this process listens on loopback, and no proxy stands in front of it, so it shows the pages
    of its own machine although VIRAGE_PUBLIC_URL is another name. `virage run` starts one where it is needed."""
    workers: int = 1
    """Web worker processes."""
    drain_s: int = 0
    """For how many seconds `virage serve` goes on after it was asked to end: /readyz says 503, requests are answered,
    streams end one after the other. Twice the interval of the load balancer's checks and more; 0: it ends at once."""
    demo: bool = False
    """A demonstration or a developer's machine: clock shift, generated secrets, the pages /mailbox and /cards (only
    where VIRAGE_PUBLIC_URL names this machine). Never in production."""
    smtp_url: str | None = None
    """smtp://user:password@host:port, smtps:// for implicit TLS, ?starttls=1 for STARTTLS. Production needs it; in a
    demonstration without it letters arrive in /mailbox."""
    mail_from: str = "tickets@example.org"
    """The sender of every letter."""
    newcomer_letters_per_min: int = 60
    """How many sign-in codes a minute are sent to addresses without an account; the next ones wait up to two minutes,
    more are not sent. Everybody else's letters never wait for them."""
    dkim_key: Path | None = None
    """A file with the private RSA key (PEM) that letters are signed with by DKIM, for the domain of the sender."""
    dkim_selector: str = ""
    """The name under `_domainkey` at which DNS has its public key."""
    bounce_domain: str | None = None
    """The domain of the return paths of letters (VERP), whose mail server hands reports to `bounce_listen`."""
    bounce_listen: str | None = None
    """host:port at which `virage work` takes delivery reports by LMTP, as 127.0.0.1:2424; unset: it takes none. LMTP
    has no password, so the host is a loopback or private address."""
    bounce_allow_unauthenticated: bool = False
    """Let VIRAGE_BOUNCE_LISTEN be any address or name, where only the mail server reaches it."""
    sandbox_url: str | None = None
    """The sandbox payment provider as the server and the browsers reach it, for instance http://localhost:8001."""
    sandbox_key: str = ""
    """Bearer key that Virage shows to the sandbox provider."""
    sandbox_webhook_secret: str = ""
    """HMAC-SHA256 secret of the provider's webhooks: at least 32 characters, of which 8 are different."""
    sandbox_outside_demo: bool = False
    """Let production sell for the sandbox's test cards, to rehearse a real installation; never for real sales."""
    objects_url: str | None = None
    """Object store: file:///…, az://container or s3://bucket; unset: `var_dir`/objects."""
    card_key: str | None = None
    """The master key of contactless cards, 16 bytes in hexadecimal: all their keys and codes are derived from it, so it
    stays as long as the cards do. Unset: no card is taken; a demonstration derives one from its secret."""
    tap_cap_cents: int = 5_000
    """What one tap of a card pays at most; above it the card's PIN or the app says yes."""
    offline_card_cents: int = 3_000
    """What a till without network takes from one card, until it has told of it."""
    offline_till_cents: int = 60_000
    """What a till without network takes from cards together, until it has told of it: the most that one may lose."""
    ask_ms: int = 1_500
    """How long a till waits for an answer before it decides alone."""
    house_address: str = ""
    """Where the house is, in one line, as it stands on receipts."""
    house_vat_number: str = ""
    """The number under which the house owes VAT, as it stands on receipts."""
    edge_networks: tuple[str, ...] = ()
    """Networks of the proxies in front, comma-separated as in `10.0.0.0/8,fd00::/8`: of them alone `X-Forwarded-For`
    (who asks) and `X-Country` (from where, two letters) are believed, for rights in replays."""
    edge_url: str | None = None
    """Where the edge of nginx and nchan takes what it tells phones, as http://127.0.0.1:8081 (deploy/nchan)."""
    metrics_token: str | None = None
    """Bearer token of /metrics. Unset: nobody may read them; in a demonstration, the machine itself may."""
    log_level: str = "info"
    """debug, info, warning or error; access lines are info."""
    clock_shift: timedelta = timedelta(0)
    """VIRAGE_CLOCK_SHIFT in seconds, rehearsals only: production refuses it."""
    clock_speed: float = 1.0
    """Rehearsals only: production refuses anything but 1."""
    clock_origin: datetime | None = None
    """From when on the clock is sped up, the same for all processes: VIRAGE_CLOCK_ORIGIN as an RFC 3339 time."""
    top_up_cents_min: int = 500
    """The least that a fan loads at once."""
    top_up_cents_max: int = 15_000
    """The most that a fan loads at once; a lawyer confirms it, as the next."""
    purse_cents_max: int = 25_000
    """The most that a purse holds when somebody loads it: it is spent inside the ground only (PSD2, article 3(k))."""
    order_waits_min: int = 10
    """For how many minutes an order by phone waits for its kitchen; then it ends, and its money is free."""
    voucher_late_min: int = 10
    """So many minutes after its promise, an order that is not ready has a broken promise."""
    voucher_cents: int = 300
    """What the house gives for a broken promise, as bonus credit; 0: nothing."""
    push_to_loopback: bool = False
    """Rehearsals only: push messages may go to this machine itself."""
    account_codes: tuple[tuple[str, str], ...] = ()
    """Numbers of the accounting export's accounts where they are not those of the French plan, comma-separated, as in
    `purses=4191,sales=7071`: purses, bonus, deposits, clearing, cash, terminal, sales, vat, tips, unclaimed, loss,
    grants, ticket_clearing, deferred_tickets, tickets."""
    anonymous_cents_max: int = 15_000
    """The most that a purse holds which nobody's name stands on, when somebody loads it (Directive (EU) 2018/843)."""
    anonymous_month_cents_max: int = 15_000
    """The most that such a purse is loaded with in a month of the calendar; a lawyer confirms both."""
    footage_hours: int = 24
    """For how many hours what cameras send is kept, if no clip shows it: from one evening to the next, so that the day
    after can still cut; longer would keep people's pictures that nobody wants."""
    club: Club = Club()
    """The club's name, colours and language."""

    def __repr__(self) -> str:
        """Name nothing secret: configurations end up in logs."""
        return f"Config(public_url={self.public_url!r}, demo={self.demo!r})"

    @property
    def objects_at(self) -> str:
        """Where objects are kept."""
        return self.objects_url or str(self.var_dir / "objects")

    @property
    def secure(self) -> bool:
        """Tell whether browsers reach Virage over HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def is_private(self) -> bool:
        """Tell whether this process serves its own machine alone: a proxy in front has another address."""
        return self.loopback_listener or names_this_machine(urlsplit(self.public_url).hostname or "")

    @property
    def secure_cookies(self) -> bool:
        """Tell whether cookies are for HTTPS alone, as everywhere but in a demonstration at http on this machine.

        Chromium and Firefox keep secure cookies of http://localhost; WebKit, the engine of Safari, does not.
        """
        return self.secure or not self.demo or not names_this_machine(urlsplit(self.public_url).hostname or "")


def read(environ: Mapping[str, str]) -> Config:
    """Return the configuration that the environment describes, or raise ConfigError with every defect."""
    reading = _Reading(environ)
    values = {"secret": ""} | reading.fields(Config, "VIRAGE_")
    if "port" in values and not environ.get("VIRAGE_PUBLIC_URL"):
        values["public_url"] = f"http://localhost:{values['port']}"
    config = Config(**values, club=Club(**reading.fields(Club, "VIRAGE_CLUB_")))
    told = {defect.partition(":")[0] for defect in reading.defects}
    defects = reading.defects + [one for one in _contradictions(config) if one.partition(":")[0] not in told]
    if defects:
        raise ConfigError(defects)
    return config


def _contradictions(config: Config) -> list[str]:
    """Return what is wrong with values that are fine one by one."""
    defects = []
    if _is_weak(config.secret):
        defects.append(f"VIRAGE_SECRET: set it to random characters, {_STRONG} (openssl rand -hex 32)")
    if config.sandbox_url and not config.sandbox_key:
        defects.append("VIRAGE_SANDBOX_KEY: VIRAGE_SANDBOX_URL needs it")
    if config.sandbox_url and _is_weak(config.sandbox_webhook_secret):
        defects.append(f"VIRAGE_SANDBOX_WEBHOOK_SECRET: VIRAGE_SANDBOX_URL needs it, {_STRONG}")
    if bool(config.dkim_key) != bool(config.dkim_selector):
        defects.append("VIRAGE_DKIM_KEY, VIRAGE_DKIM_SELECTOR: letters are signed with both, or with neither")
    if config.bounce_listen and not config.bounce_domain:
        defects.append("VIRAGE_BOUNCE_LISTEN: it needs VIRAGE_BOUNCE_DOMAIN, which reports are sent to")
    bounce_host = (config.bounce_listen or "").rpartition(":")[0]
    if bounce_host and not config.bounce_allow_unauthenticated and not is_private(bounce_host):
        defects.append(
            "VIRAGE_BOUNCE_LISTEN: LMTP has no password; listen on a loopback or private address, as 127.0.0.1, or set "
            "VIRAGE_BOUNCE_ALLOW_UNAUTHENTICATED=1 where only the mail server reaches it"
        )
    if config.loopback_listener and not is_loopback(config.host):
        defects.append("VIRAGE_LOOPBACK_LISTENER: VIRAGE_HOST must be a loopback address, as 127.0.0.1")
    return defects if config.demo else defects + _not_for_production(config)


def _not_for_production(config: Config) -> list[str]:
    """Return what a demonstration may do and production may not."""
    defects = []
    if config.clock_shift or config.clock_speed != 1.0:
        defects.append("VIRAGE_CLOCK_SHIFT, VIRAGE_CLOCK_SPEED: only a demonstration may bend the clock")
    if config.push_to_loopback:
        defects.append("VIRAGE_PUSH_TO_LOOPBACK: only a demonstration may push to its own machine")
    if config.loopback_listener:
        defects.append("VIRAGE_LOOPBACK_LISTENER: only a demonstration has pages for its own machine")
    if not config.secure and urlsplit(config.public_url).hostname != "localhost":
        defects.append("VIRAGE_PUBLIC_URL: browsers need https:// (or http://localhost) for tickets and cookies")
    if config.smtp_url is None:
        defects.append("VIRAGE_SMTP_URL: name the mail server; without it nobody gets a code to sign in with")
    if config.sandbox_url and not config.sandbox_outside_demo:
        defects.append(
            "VIRAGE_SANDBOX_URL: the sandbox sells real tickets for test cards; only a demonstration may use it, or a "
            "rehearsal that sets VIRAGE_SANDBOX_OUTSIDE_DEMO=1"
        )
    return defects


def _is_weak(secret: str) -> bool:
    return len(secret) < SECRET_LENGTH_MIN or len(set(secret)) < SECRET_CHARACTERS_MIN


class _Reading:
    """Reads variables and gathers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.defects: list[str] = []

    def fields(self, struct: type[Struct], prefix: str) -> dict[str, Any]:
        """Return the fields of a Struct whose variables are set and right; each other one has its default."""
        return {
            field.name: value
            for field in msgspec.structs.fields(struct)
            if field.name != "club" and (value := self._value(f"{prefix}{field.name.upper()}", field.name)) is not None
        }

    def _value(self, variable: str, name: str) -> Any:
        raw = self._environ.get(variable, "")
        if not raw:
            return None
        try:
            return PARSERS.get(name, str)(raw)
        except ValueError as error:
            self.defects.append(f"{variable}: {error}")
            return None
