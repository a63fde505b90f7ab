"""The shared page of a clip: the app, with preview metadata for programs without scripts."""

from functools import cached_property
from html import escape
from typing import Final
from uuid import UUID

from virage.media.live.api import Feeds
from virage.media.replay.reads import captions
from virage.media.replay.routes.access import SECRET, AdmittedClip, ClipAccess
from virage.media.replay.rules.addresses import page_of, poster_of
from virage.media.replay.rules.rights import Reason
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.localised import text_in
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request, Response, get, mount
from virage.platform.web.static import WEB
from virage.site.programme import api as programme

FRESH = {"cache-control": "no-cache"}
_MISSING_STATUS: Final[dict[str, int]] = {Reason.NOT_FOUND: 404, Reason.GONE: 410}


class SharePage:
    """The page of the app with Open Graph metadata."""

    def __init__(self, club: str, public_url: str) -> None:
        self._club = club
        self._public_url = public_url

    @cached_property
    def _page(self) -> tuple[str, str]:
        head, _, rest = (WEB / "index.html").read_text().partition("</head>")
        return head, f"</head>{rest}"

    def without_clip(self) -> str:
        """Return the page without metadata of a clip."""
        return self._with_meta({"og:title": self._club, "og:type": "website"})

    def for_clip(self, admitted: AdmittedClip, title: str, event: str) -> str:
        """Return the page with title, match and poster of a clip."""
        clip = admitted.clip
        return self._with_meta(
            {
                "og:title": title,
                "og:description": event,
                "og:type": "video.other",
                "og:site_name": self._club,
                "og:url": self._public_url + page_of(clip.id),
                "og:image": self._public_url + poster_of(clip.id),
                "og:image:type": "image/jpeg",
                "twitter:card": "summary_large_image",
            }
        )

    def _with_meta(self, properties: dict[str, str]) -> str:
        head, rest = self._page
        tags = [f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items()]
        return "\n".join([head, *tags, rest])


@get("/r/{clip_id:uuid}", public=True, documented=False)
async def get_page(
    clip_id: UUID,
    request: Request,
    *,
    db: Database,
    feeds: Feeds,
    config: Config,
    clip_access: ClipAccess,
    share_page: SharePage,
) -> Response[str]:
    """Return the page of a clip, with its metadata if the viewer may watch it and the rights allow a preview.

    Programs see missing and withdrawn clips by the status (404, 410), people by the text of the app.
    """
    async with db.connection() as conn:
        try:
            admitted = await clip_access.admit(conn, clip_id, request)
        except Problem as problem:
            status = _MISSING_STATUS.get(problem.code, 200)
            return Response(share_page.without_clip(), media_type="text/html", headers=FRESH, status_code=status)
        event = await _title_of(conn, admitted, config)
    if not admitted.rights.share:
        return Response(share_page.without_clip(), media_type="text/html", headers=FRESH)
    title = captions.title(admitted.clip, await feeds.at(admitted.clip.event_id), config.club.locale)
    headers = FRESH if admitted.public else SECRET
    return Response(share_page.for_clip(admitted, title, event), media_type="text/html", headers=headers)


async def _title_of(conn: Connection, admitted: AdmittedClip, config: Config) -> str:
    event = (await programme.public_events_of(conn, [admitted.clip.event_id])).get(admitted.clip.event_id)
    return "" if event is None else text_in(event.title, config.club.locale, config.club.locale)


router = mount("/", [get_page])
