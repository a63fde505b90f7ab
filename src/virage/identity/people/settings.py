"""The settings of people."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Struct

from virage.platform.settings import parsing as parse
from virage.platform.settings.config import Config
from virage.platform.settings.origin import is_private


class PeopleSettings(Struct, frozen=True, kw_only=True):
    """How emails, sign-in and push messages go out."""

    smtp_url: Annotated[str | None, parse.smtp] = None
    """smtp://user:password@host:port, smtps:// for implicit TLS, ?starttls=1 for STARTTLS. Production needs it; in a
    demonstration without it emails arrive in /mailbox."""
    mail_from: Annotated[str, parse.address] = "tickets@example.org"
    """The sender of every email."""
    newcomer_letters_per_min: Annotated[int, parse.positive] = 60
    """How many sign-in codes a minute are sent to addresses without an account; the next ones wait up to two minutes,
    further ones are not sent. Other emails never wait for them."""
    dkim_key: Annotated[Path | None, parse.readable] = None
    """A file with the private RSA key (PEM) that emails are signed with by DKIM, for the domain of the sender."""
    dkim_selector: Annotated[str, parse.domain] = ""
    """The name under `_domainkey` at which DNS has its public key."""
    bounce_domain: Annotated[str | None, parse.domain] = None
    """The domain of the return paths of emails (VERP), whose mail server hands reports to `bounce_listen`."""
    bounce_listen: Annotated[str | None, parse.host_port] = None
    """host:port at which `virage work` takes delivery reports by LMTP, as 127.0.0.1:2424; unset: it takes none. LMTP
    has no password, so the host is a loopback or private address."""
    bounce_allow_unauthenticated: Annotated[bool, parse.boolean] = False
    """Let VIRAGE_BOUNCE_LISTEN be any address or name, where only the mail server reaches it."""
    passkey_rp_id: Annotated[str | None, parse.domain] = None
    """RP ID of passkeys: the host of VIRAGE_PUBLIC_URL (if unset), or a parent domain of it that is no public suffix.
    It must never change: passkeys serve for their RP ID alone, and outlive a change of the URL below it."""
    passkey_origins: Annotated[tuple[str, ...], parse.origins] = ()
    """Further addresses at which the passkeys serve, comma-separated, as https://tickets.example.com. Browsers read
    them at /.well-known/webauthn of the RP ID (related origins)."""
    oidc_issuer: Annotated[str | None, parse.issuer] = None
    """The OpenID provider by which the staff sign in, as it names itself, for instance
    https://login.microsoftonline.com/<tenant>/v2.0. See docs/guide/single-sign-on.md."""
    oidc_client_id: Annotated[str, parse.printed] = ""
    """The number that the provider gave this application."""
    oidc_client_secret: Annotated[str, parse.printed] = ""
    """The secret of the application at the provider."""
    oidc_name: Annotated[str, parse.printed] = "SSO"
    """What the button calls the provider, as Microsoft."""
    oidc_domains: Annotated[tuple[str, ...], parse.names] = ()
    """Comma-separated domains of the staff's addresses, as club.example. For these the provider decides who has
    access; an address of another domain signs in without it."""
    oidc_roles: Annotated[tuple[tuple[str, str], ...], parse.pairs] = ()
    """The roles of the provider's groups: comma-separated group=role or group=role@scope:id, as
    0c3e…=finance,4f1a…=steward@venue:arena. A group has several roles by several entries."""
    oidc_groups_claim: Annotated[str, parse.printed] = "groups"
    """The claim with the groups of a person: "roles" for app roles of Microsoft Entra ID."""
    oidc_break_glass: Annotated[tuple[str, ...], parse.addresses] = ()
    """Comma-separated addresses of the accounts that sign in without the provider, for the day on which it fails."""
    push_to_loopback: Annotated[bool, parse.boolean] = False
    """Rehearsals only: push messages may go to this machine itself."""

    def contradictions(self, config: Config) -> list[str]:
        """Return what is wrong with values that are fine one by one."""
        defects = []
        if bool(self.dkim_key) != bool(self.dkim_selector):
            defects.append("VIRAGE_DKIM_KEY, VIRAGE_DKIM_SELECTOR: set both, or neither")
        if self.bounce_listen and not self.bounce_domain:
            defects.append("VIRAGE_BOUNCE_LISTEN: it needs VIRAGE_BOUNCE_DOMAIN, which reports are sent to")
        bounce_host = (self.bounce_listen or "").rpartition(":")[0]
        if bounce_host and not self.bounce_allow_unauthenticated and not is_private(bounce_host):
            defects.append(
                "VIRAGE_BOUNCE_LISTEN: LMTP has no password; listen on a loopback or private address, as 127.0.0.1, or "
                "set VIRAGE_BOUNCE_ALLOW_UNAUTHENTICATED=1 where only the mail server reaches it"
            )
        if self.passkey_rp_id is not None:
            from fido2.rpid import verify_rp_id  # noqa: PLC0415 - it reads the list of public suffixes

            if not verify_rp_id(self.passkey_rp_id, config.public_url):
                defects.append(
                    "VIRAGE_PASSKEY_RP_ID: must be the host of VIRAGE_PUBLIC_URL or a parent domain of it that is no "
                    "public suffix, as example.com for https://tickets.example.com"
                )
        if any(urlsplit(origin).scheme != "https" for origin in self.passkey_origins):
            defects.append("VIRAGE_PASSKEY_ORIGINS: browsers give passkeys to https:// addresses alone")
        defects += self._of_oidc()
        if not config.demo and self.push_to_loopback:
            defects.append("VIRAGE_PUSH_TO_LOOPBACK: only a demonstration may push to its own machine")
        if not config.demo and self.smtp_url is None:
            defects.append("VIRAGE_SMTP_URL: name the mail server; sign-in codes need it")
        return defects

    def _of_oidc(self) -> list[str]:
        if self.oidc_issuer is None:
            return []
        defects = [
            f"VIRAGE_OIDC_{name}: VIRAGE_OIDC_ISSUER needs it"
            for name, value in (
                ("CLIENT_ID", self.oidc_client_id),
                ("CLIENT_SECRET", self.oidc_client_secret),
                ("DOMAINS", self.oidc_domains),
                ("ROLES", self.oidc_roles),
                ("BREAK_GLASS", self.oidc_break_glass),
            )
            if not value
        ]
        if "{tenantid}" in self.oidc_issuer or "/common/" in self.oidc_issuer or "/organizations/" in self.oidc_issuer:
            defects.append("VIRAGE_OIDC_ISSUER: name your own tenant; accounts of every tenant would sign in")
        return defects
