"""The browsers that ask for sign-in codes: their cookie, and how often their network may ask."""

from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import UUID, uuid5

from litestar import Request
from litestar.datastructures import Cookie

from virage.kernel.config import Config
from virage.kernel.guard import Principal
from virage.kernel.limits import Limits
from virage.kernel.origin import origin_of
from virage.kernel.security import cookie_name, host_cookie
from virage.people.rules.secrets import browser_of, browser_text, secrets_of

COOKIE: Final = "virage-browser"
COOKIE_AGE_S: Final = 86_400
IPV6_PREFIX: Final = 64  # what one household or one phone has of IPv6
NETWORKS: Final = UUID("6f6c9d0e-0d0e-4a53-9f6c-6d1d1b6f5a10")


class Browsers:
    """Tells browsers apart before anybody has signed in, by a signed number in a cookie: no session is stored."""

    def __init__(self, config: Config) -> None:
        self._edge_networks = config.edge_networks
        self._secure = config.secure_cookies
        self._keys = secrets_of(config.secret)
        self._limits = Limits()

    def admit(self, request: Request[Any, Any, Any]) -> None:
        """Raise `rate_limited` when the network asks for more codes than a whole ground would.

        An address that is not public is that of a proxy nobody declared, or of this machine: it is not counted.
        """
        peer = request.client.host if request.client else None
        address = origin_of(peer, request.headers.multi_items(), self._edge_networks).address
        if address is None or not ip_address(address).is_global:
            return
        prefix = f"/{IPV6_PREFIX}" if ":" in address else ""
        network = ip_network(address + prefix, strict=False)
        self._limits.take("network", Principal("anonymous", uuid5(NETWORKS, str(network))))

    def of(self, request: Request[Any, Any, Any]) -> UUID | None:
        """The number of the browser that asked for a code; None when it kept no cookie of ours."""
        return browser_of(self._keys, request.cookies.get(cookie_name(COOKIE, secure=self._secure)))

    def cookie(self, browser: UUID) -> Cookie:
        """The cookie that keeps the number."""
        return host_cookie(COOKIE, browser_text(self._keys, browser), COOKIE_AGE_S, secure=self._secure)
