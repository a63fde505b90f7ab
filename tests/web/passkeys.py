"""Chromium's virtual authenticator: passkeys of a browser without a finger to touch them."""

from typing import Any

from playwright.sync_api import CDPSession, Page


class Authenticator:
    """An authenticator in a page's browser that verifies its user."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        added = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = added["authenticatorId"]

    @property
    def credentials(self) -> list[dict[str, Any]]:
        """The passkeys that it holds."""
        held: list[dict[str, Any]] = self._session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return held
