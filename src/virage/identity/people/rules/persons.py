"""A person, and the few words that we keep about one."""

import unicodedata
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from virage.platform.values.localised import LanguageTag
from virage.platform.values.texts import shows_all

NAME_LENGTH_MAX = 100
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


Locale = LanguageTag
"""The language of a person's emails, messages and papers."""


class Person(Struct, frozen=True):
    """A person with an email address: a fan, or staff once they have a role."""

    id: UUID
    email: str
    name: str | None
    locale: Locale


def short_name(name: str) -> str | None:
    """Return a name shortened for other people, such as "Alex M."; None for a name without words."""
    first, *others = name.split() or [""]
    return f"{first} {others[-1][0].upper()}." if others else first or None


class NewPerson(Struct, frozen=True):
    """A new person, unless the address has an account."""

    id: UUID
    email: str
    name: str | None
    locale: Locale


class PersonUpdate(Struct, frozen=True):
    """What one may change about oneself; what is left out stays."""

    name: str | UnsetType | None = UNSET
    locale: Locale | UnsetType = UNSET


class SessionView(Struct, frozen=True):
    """One of my sessions, as I see them: by device, never by token. `name` is what I call it."""

    id: UUID
    name: str | None
    device: str
    opened_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


def normalise_name(written: str | None) -> str | None:
    """The name without needless spaces; None for none. Raises ValueError for what no name contains."""
    if written is None:
        return None
    name = " ".join(unicodedata.normalize("NFC", written).split())
    if len(name) > NAME_LENGTH_MAX or not shows_all(name):
        raise ValueError("A name has at most 100 printable characters.")
    return name or None


def device_label(user_agent: str | None) -> str:
    """What a list of sessions calls a device (`Firefox, Android`); coarse on purpose, empty if unknown."""
    agent = user_agent or ""
    browser = next((label for mark, label in BROWSERS if mark in agent), "")
    system = next((label for mark, label in SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (browser, system)))
