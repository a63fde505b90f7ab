"""The browsers in which people sign in: their cookie, and how often their network may ask for codes."""

from ipaddress import ip_address, ip_network
from typing import Final
from uuid import UUID

from virage.identity.people.rules.people_config import BROWSER_COOKIE, COOKIE_AGE_S
from virage.identity.people.rules.persons import device_label
from virage.identity.people.rules.secrets import browser_of, browser_text, people_keys
from virage.identity.people.rules.sign_in import SignInBrowser
from virage.platform.settings.config import Config
from virage.platform.settings.origin import origin_of
from virage.platform.values.ids import named_id
from virage.platform.web.guard import Principal
from virage.platform.web.limits import Limits
from virage.platform.web.routing import Request
from virage.platform.web.security import cookie_name, host_cookie

IPV6_PREFIX: Final = 64  # what one household or one phone has of IPv6
SHARED_IPV4_PREFIX: Final = 24
SHARED_IPV6_PREFIX: Final = 48
NETWORKS: Final = UUID("6f6c9d0e-0d0e-4a53-9f6c-6d1d1b6f5a10")


class Browsers:
    """Identifies browsers before a sign-in by a signed number in a cookie, without a stored session."""

    def __init__(self, config: Config) -> None:
        self._edge_networks = config.edge_networks
        self._secure = config.secure_cookies
        self._keys = people_keys(config.secret)
        self._limits = Limits()

    def admit(self, request: Request) -> None:
        """Raise `rate_limited` when the network asks for more codes than a whole ground would."""
        address = self._address(request)
        if address is not None:
            prefix = f"/{IPV6_PREFIX}" if ":" in address else ""
            network = ip_network(address + prefix, strict=False)
            self._limits.take("network", Principal("anonymous", named_id(NETWORKS, str(network))))

    def network(self, request: Request) -> str | None:
        """The network that shares the emails to addresses without an account: what one customer can rent.

        None for an address that is not counted.
        """
        address = self._address(request)
        if address is None:
            return None
        prefix = SHARED_IPV6_PREFIX if ":" in address else SHARED_IPV4_PREFIX
        return str(ip_network(f"{address}/{prefix}", strict=False))

    def _address(self, request: Request) -> str | None:
        """Return the client's IP address; None if it is not public: an undeclared proxy, or this machine."""
        peer = request.client.host if request.client else None
        address = origin_of(peer, request.headers.items(), self._edge_networks).address
        return address if address is not None and ip_address(address).is_global else None

    def of(self, request: Request) -> UUID | None:
        """The number of the browser that asked for a code; None when it kept no cookie of ours."""
        return browser_of(self._keys, request.cookies.get(cookie_name(BROWSER_COOKIE, secure=self._secure)))

    def signing_in(self, request: Request, principal: Principal) -> SignInBrowser:
        """The browser as sign-in sees it."""
        return SignInBrowser(self.of(request), principal.session_id, device_label(request.headers.get("user-agent")))

    def cookie(self, browser: UUID) -> str:
        """The value of `set-cookie` that keeps the number."""
        return host_cookie(BROWSER_COOKIE, browser_text(self._keys, browser), COOKIE_AGE_S, secure=self._secure)
