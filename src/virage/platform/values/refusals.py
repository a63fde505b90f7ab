"""Refusals: returned by an act that was not done. They are values with a stable code, not exceptions."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct


class Refused(Struct, frozen=True):
    """An act was not done, and nothing changed. `reason` is a stable code (a StrEnum member), `data` explains it.

    `commit`: what the act wrote beside it stays, such as a wrong try that counts. It is for `Database.transact` alone:
    what goes over the wire is a type of its own, a problem document or `Refusal`.
    """

    reason: str
    data: dict[str, Any] = {}
    commit: bool = False


class Refusal(Struct, frozen=True, tag="refused"):
    """A refusal as an item of an answer."""

    reason: str
    data: dict[str, Any] = {}


def refusal_of(refused: Refused) -> Refusal:
    """Return a refusal as an item of an answer."""
    return Refusal(refused.reason, refused.data)


def invalid_input(source: str, message: str) -> Refused:
    """Refuse a field (`source`) that is well-formed but invalid; `message` is for developers."""
    return invalid_inputs([(source, message)])


def invalid_inputs(errors: Sequence[tuple[str, str]]) -> Refused:
    """Refuse several fields at once, as pairs of source and message."""
    return Refused("invalid_input", {"errors": [{"source": source, "message": message} for source, message in errors]})


class Identified(Protocol):
    """An object with an id."""

    @property
    def id(self) -> UUID:
        """The id."""
        ...


Item = TypeVar("Item", bound=Identified)


def all_or_none(outcomes: Sequence[Item | Refused]) -> list[Item] | Refused:
    """Return the items of a list in order; refused for every one that is, each error with the `index` of its item."""
    errors = [
        {"index": index, **error}
        for index, outcome in enumerate(outcomes)
        if isinstance(outcome, Refused)
        for error in outcome.data["errors"]
    ]
    if errors:
        return Refused("invalid_input", {"errors": errors})
    items = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
    if len({item.id for item in items}) < len(items):
        return invalid_input("id", "Each item has an id of its own.")
    return items
