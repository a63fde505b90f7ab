"""Pages with the operator's texts, in immutable versions numbered by page and language."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.values.localised import LanguageTag, widened
from virage.platform.values.refusals import Refused, invalid_input

TITLE_MAX, BODY_MAX = 120, 50_000


class PageKind(StrEnum):
    """The pages of every deployment, in the order of the footer."""

    TERMS = "terms"
    PRIVACY = "privacy"
    LEGAL_NOTICE = "legal_notice"
    ACCESSIBILITY = "accessibility"
    HELP = "help"


class PageKey(Struct, frozen=True):
    """A page in one language, with its own sequence of versions."""

    kind: PageKind
    language: LanguageTag


class PageReason(StrEnum):
    """Why a page is not published."""

    ID_TAKEN = "id_taken"
    CHANGED = "changed_meanwhile"


class PageDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """Text to publish. `id` is made by the client and makes the request idempotent.

    `body` is Markdown (CommonMark); HTML in it is shown as text. `revision` is the version that was edited, 0 for the
    first one.
    """

    id: UUID
    title: Annotated[str, Meta(min_length=1, max_length=TITLE_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
    body: Annotated[str, Meta(min_length=1, max_length=BODY_MAX, pattern=r"^[^\x00]*$")]
    revision: Annotated[int, Meta(ge=0, le=2**31 - 2)]


class PageVersion(Struct, frozen=True):
    """A published version of a page in one language; the highest revision is in force."""

    id: UUID
    kind: PageKind
    language: str
    revision: int
    title: str
    body: str
    published_at: datetime


EMPTY: Final = "Enter a title and a text."


def may_publish(draft: PageDraft, latest: PageVersion | None) -> Refused | None:
    """Refuse an empty text, and one that was edited from a version that is no longer the latest."""
    if not draft.title.strip() or not draft.body.strip():
        return invalid_input("body", EMPTY)
    current = 0 if latest is None else latest.revision
    return None if draft.revision == current else Refused(PageReason.CHANGED, {"revision": current})


def same_text(draft: PageDraft, version: PageVersion) -> bool:
    """Return whether a draft is what a version holds already."""
    return (draft.title, draft.body) == (version.title, version.body)


def in_language(versions: Sequence[PageVersion], wanted: str, default: str) -> PageVersion | None:
    """Return the version for a reader.

    Preferred are the language asked for, a wider one (`pt` for `pt-BR`), another one of the same
    base, then the deployment's default language, then any.
    """
    base = wanted.partition("-")[0]
    by_language = {version.language: version for version in versions}
    same_base = [version.language for version in versions if version.language.partition("-")[0] == base]
    tags = (*widened(wanted), *same_base, *widened(default), *by_language)
    return next((by_language[tag] for tag in tags if tag in by_language), None)
