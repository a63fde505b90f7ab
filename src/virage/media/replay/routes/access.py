"""Access check of clips, used by every route of a clip."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.reads import viewers
from virage.media.replay.reads import watching as reads
from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.rights import Reason, Rights, may_watch
from virage.platform.data.database import Connection
from virage.platform.settings.origin import origin_of
from virage.platform.values.clock import Clock
from virage.platform.web.guard import principal_of
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Request

SECRET: Final = {"cache-control": "no-store"}
FRESH_S: Final = 1


class AdmittedClip(Struct, frozen=True):
    """A clip that the requester may watch. `public`: everyone may, so that shared caches may store responses."""

    clip: Clip
    rights: Rights
    public: bool

    def cache_headers(self, seconds: int = FRESH_S) -> dict[str, str]:
        """Return caching headers: private caches for `seconds`, shared caches for at most one second.

        A longer shared cache would serve a withdrawn clip to new viewers.
        """
        shared = f", s-maxage={FRESH_S}" if seconds > FRESH_S else ""
        return {"cache-control": f"public, max-age={seconds}{shared}" if self.public else f"private, max-age={seconds}"}


class ClipAccess:
    """Access check of clips. `edge_networks`: proxies whose headers about the client are trusted."""

    def __init__(self, clock: Clock, edge_networks: tuple[str, ...]) -> None:
        self._clock = clock
        self._edge_networks = edge_networks

    async def admit(self, conn: Connection, clip_id: UUID, request: Request, camera: str | None = None) -> AdmittedClip:
        """Return the clip; raises a problem if the viewer may not watch it, or it lacks the camera."""
        clip, now = await reads.clip(conn, clip_id), self._clock.now()
        if clip is None or (camera is not None and camera not in clip.cameras):
            raise Problem(Reason.NOT_FOUND)
        rights, _ = await viewers.rights_of(conn, clip.event_id)
        peer = request.client.host if request.client else None
        origin = origin_of(peer, request.headers.items(), self._edge_networks)
        viewer = await viewers.viewer_of(conn, clip.event_id, rights, await principal_of(request.scope), origin)
        refused = may_watch(rights, clip, viewer, now)
        if refused is not None:
            raise Problem(refused.reason, refused.data)
        return AdmittedClip(clip, rights, rights.public(now))
