"""An OpenID provider on this machine (oidc-provider), which tests can stop and start again."""

import json
import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import KeySet, RSAKey

from tests.ports import free_ports

PROGRAM = Path(__file__).parent / "server.mjs"
NODE = "node"
CLIENT = "virage"
DOMAIN = "club.example"
BREAK_GLASS = f"reserve@{DOMAIN}"
ROLES = "gate staff=steward,accounts=finance,office=admin,arena=venue_manager@venue:arena"


def new_keys() -> KeySet:
    """Keys of a provider."""
    return KeySet([RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)])


class OpenIdServer:
    """The provider of one deployment. Its sign-ins end when it stops."""

    def __init__(self) -> None:
        (self._port,) = free_ports(1)
        self.issuer = f"http://127.0.0.1:{self._port}"
        self._secret = secrets.token_urlsafe(32)
        self._accounts: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None
        self.keys = new_keys()

    @property
    def variables(self) -> dict[str, str]:
        """The settings with which Virage uses it."""
        return {
            "VIRAGE_OIDC_ISSUER": self.issuer,
            "VIRAGE_OIDC_CLIENT_ID": CLIENT,
            "VIRAGE_OIDC_CLIENT_SECRET": self._secret,
            "VIRAGE_OIDC_NAME": "Club directory",
            "VIRAGE_OIDC_DOMAINS": DOMAIN,
            "VIRAGE_OIDC_ROLES": ROLES,
            "VIRAGE_OIDC_BREAK_GLASS": BREAK_GLASS,
        }

    def start(self, site: str) -> None:
        """Start it for a deployment at this address, and wait until it listens."""
        settings = {
            "issuer": self.issuer,
            "port": self._port,
            "client": CLIENT,
            "secret": self._secret,
            "site": site,
            "jwks": self.keys.as_dict(private=True),
        }
        self._process = subprocess.Popen(  # noqa: S603 - ours
            [NODE, str(PROGRAM), json.dumps(settings)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        while (said := self._process.stdout.readline()) != "ready\n":
            assert said, "the provider ended at once"
        self._tell()

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)  # the wheel's node is a program that starts node
            self._process.communicate()
            self._process = None

    def put(self, login: str, *groups: str, **claims: Any) -> str:
        """Add a person, or change them; return their address."""
        email = f"{login}@{DOMAIN}"
        plain = {"email": email, "email_verified": True, "name": login.title(), "locale": "en", "groups": groups}
        self._accounts[login] = plain | claims
        self._tell()
        return email

    def remove(self, login: str) -> None:
        """Remove a person."""
        del self._accounts[login]
        self._tell()

    def _tell(self) -> None:
        httpx.put(f"{self.issuer}/accounts", json=self._accounts).raise_for_status()


@contextmanager
def openid_server(site: str) -> Iterator[OpenIdServer]:
    """A running provider, stopped at the end."""
    server = OpenIdServer()
    server.start(site)
    try:
        yield server
    finally:
        server.stop()


FORM = re.compile(r'action="([^"]+)"')


async def answer_of(browser: httpx.AsyncClient, url: str, login: str, site: str) -> str:
    """Sign in at the provider as a person does, and return the address that it leads back to."""
    answer = await browser.get(url)
    while True:
        while answer.is_redirect:
            to = str(answer.next_request.url) if answer.next_request else ""
            if to.startswith(site):
                return to
            answer = await browser.get(to)
        form = FORM.search(answer.text)
        assert form is not None, answer.text
        fields: Mapping[str, str] = {"prompt": "login", "login": login, "password": "any"}
        if 'value="consent"' in answer.text:
            fields = {"prompt": "consent"}
        answer = await browser.post(form[1].replace("&amp;", "&"), data=fields)
