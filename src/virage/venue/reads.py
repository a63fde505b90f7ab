"""The ground's documents, encoded and compressed once a process: they are the same for everybody and for ever."""

import gzip
from functools import cache

import msgspec
from msgspec import Struct

from virage.venue.rules import load_ground
from virage.venue.rules.geometry import geometry, labels

__all__ = [
    "Document",
    "GroundSummary",
    "geometry_document",
    "ground_summary",
    "labels_document",
    "load_ground",
]


class Document(Struct, frozen=True):
    """JSON, plain and compressed."""

    plain: bytes
    gzipped: bytes


class GroundSummary(Struct, frozen=True):
    """The ground in short; `version` opens its geometry and labels."""

    version: str
    name: str
    notice: dict[str, str]
    seats: int
    places: int
    latitude: float
    longitude: float


def ground_summary() -> GroundSummary:
    """What the ground is called and which version is in use."""
    ground = load_ground()
    return GroundSummary(
        ground.version,
        ground.name,
        ground.notice,
        ground.seats,
        ground.places,
        ground.latitude,
        ground.longitude,
    )


@cache
def geometry_document() -> Document:
    """The geometry of the ground."""
    return _document(geometry(load_ground()))


def labels_document(block: str) -> Document | None:
    """The labels of a block; None when there is no such block."""
    return _labels_document(block) if block in load_ground().block_index else None


@cache
def _labels_document(block: str) -> Document:
    return _document(labels(load_ground(), block))


def _document(value: object) -> Document:
    plain = msgspec.json.encode(value)
    return Document(plain, gzip.compress(plain, 9, mtime=0))
