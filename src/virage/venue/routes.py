"""The ground's door: which version is in use, its geometry, and the labels of a block."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.openapi.datastructures import ResponseSpec

from virage.kernel.problems import Problem
from virage.venue import reads
from virage.venue.reads import Document, GroundSummary
from virage.venue.rules import load_ground
from virage.venue.rules.geometry import BlockLabels, Geometry

FOR_EVER = "public, max-age=31536000, immutable"


@get("/", opt={"public": True})
async def get_ground() -> GroundSummary:
    """The ground in short. Its version opens the geometry and the labels."""
    return reads.ground_summary()


@get(
    "/{version:str}/geometry",
    opt={"public": True},
    responses={200: ResponseSpec(Geometry, description="Blocks, rows, standing areas, gates; integer centimetres")},
)
async def get_geometry(request: Request[Any, Any, Any], version: str) -> Response[bytes]:
    """Everything needed to draw the ground. A version never changes, so this is kept for ever."""
    _require_version(version)
    return _answer(request, reads.geometry_document())


@get(
    "/{version:str}/labels/{block:str}",
    opt={"public": True},
    responses={200: ResponseSpec(BlockLabels, description="Rows, seat numbers and features of a block")},
)
async def get_labels(request: Request[Any, Any, Any], version: str, block: str) -> Response[bytes]:
    """Row names, seat numbers and features of one block. A version never changes, so this is kept for ever."""
    _require_version(version)
    document = reads.labels_document(block)
    if document is None:
        raise Problem("not_found", {"block": block})
    return _answer(request, document)


def _require_version(version: str) -> None:
    if version != load_ground().version:
        raise Problem("not_found", {"version": version})


def _answer(request: Request[Any, Any, Any], document: Document) -> Response[bytes]:
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    if "gzip" in accepted:
        headers["content-encoding"] = "gzip"
        return Response(document.gzipped, media_type="application/json", headers=headers)
    return Response(document.plain, media_type="application/json", headers=headers)


router = Router("/api/ground", route_handlers=[get_ground, get_geometry, get_labels])
