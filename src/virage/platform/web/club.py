"""What every page needs before it draws: the club, the currency and the time zone; the manifest and the icon."""

from typing import Any
from xml.sax.saxutils import escape

import msgspec
from msgspec.structs import asdict

from virage.platform.settings.config import Club, Config
from virage.platform.values.money import Currency
from virage.platform.web.routing import Response, get, mount

_CACHED = {"cache-control": "public, max-age=300"}
_INITIALS_MAX = 2


class PublicConfiguration(Club, frozen=True, kw_only=True):
    """The club's name and colours (CSS hex); the languages of the screens, the default first; currency, time zone.

    All amounts of the API are in minor units of the currency, of which one unit has 10^`digits`. The time zone is that
    of the deployment (IANA).
    """

    languages: tuple[str, ...]
    currency: Currency
    time_zone: str


@get("/api/club", public=True)
async def get_club(config: Config) -> Response[PublicConfiguration]:
    """The club's name and colours, and the deployment's languages, currency and time zone."""
    club = PublicConfiguration(
        **asdict(config.club),
        languages=config.languages,
        currency=config.currency,
        time_zone=config.time_zone.key,
    )
    return Response(club, headers=_CACHED)


@get("/manifest.webmanifest", public=True, documented=False)
async def get_manifest(config: Config) -> Response[bytes]:
    """The web app manifest."""
    return Response(msgspec.json.encode(manifest(config.club)), media_type="application/manifest+json", headers=_CACHED)


@get("/icon.svg", public=True, documented=False)
async def get_icon(config: Config) -> Response[str]:
    """The app's icon: the club's initials in its colours, with room for round masks."""
    return Response(icon(config.club), media_type="image/svg+xml", headers=_CACHED)


def manifest(club: Club) -> dict[str, Any]:
    """Return the web app manifest."""
    return {
        "id": "/",
        "name": club.name,
        "short_name": club.short_name,
        "lang": club.locale,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": club.primary,
        "theme_color": club.primary,
        "icons": [
            {"src": "/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": purpose}
            for purpose in ("any", "maskable")
        ],
    }


def icon(club: Club) -> str:
    """Return the icon as SVG."""
    initials = "".join(word[0] for word in club.short_name.split()[:_INITIALS_MAX]).upper()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">'
        f'<rect width="512" height="512" fill="{club.primary}"/>'
        f'<path d="M0 410 512 282v230H0z" fill="{club.secondary}"/>'
        f'<path d="M0 390 512 262v20L0 410z" fill="{club.accent}"/>'
        '<text x="256" y="270" fill="#fff" font-family="system-ui, sans-serif" font-weight="800" font-size="200"'
        f' text-anchor="middle">{escape(initials)}</text></svg>'
    )


router = mount("/", [get_club, get_manifest, get_icon])
