"""Texts, times and numbers of the after-action report in one language."""

from datetime import datetime
from typing import Final
from uuid import UUID

from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal, format_percent

from virage.control.safety.rules.report import Logged, ReportFacts
from virage.platform.paper import breakable, plain
from virage.platform.values.formats import formats_of
from virage.platform.values.languages import messages
from virage.platform.values.localised import LanguageTag

NONE: Final = "\N{EN DASH}"
TEXT_SHOWN: Final = 400
"""Characters of a text; the log has all of it."""


class Pen:
    """Formatting of texts, times and numbers in one language; persons get a short name each, in order."""

    def __init__(self, facts: ReportFacts, lang: LanguageTag) -> None:
        self.lang = lang
        self._messages = messages(lang, "paper.report", dict[str, str])
        self._formats = formats_of(lang)
        self._zone = facts.event.zone
        self.persons: dict[UUID, str] = {}

    def said(self, name: str, /, **values: object) -> str:
        """Return a text by name."""
        return self._messages[name].format(**values)

    def named(self, name: str, value: str) -> str:
        """Return a name with its value, with the colon of the language."""
        return self.said("named", name=name, value=value)

    def person(self, who: UUID | None) -> str:
        """Return the short name of a person, which the last section explains."""
        if who is None:
            return self.said("automatic")
        return self.persons.setdefault(who, self.said("person", number=len(self.persons) + 1))

    def text(self, one: Logged | None) -> str:
        """Return the words of a record, shortened; that they were erased by rule; or nothing."""
        if one is None:
            return ""
        if one.is_erased:
            return self.said("erased")
        if one.said is None:
            return ""
        if one.said.texts is not None:
            found = one.said.texts.get(self.lang) or next(iter(one.said.texts.values()))
            return self.shortened(self.named(found.headline, found.text))
        return self.shortened(one.said.text or "")

    def shortened(self, text: str) -> str:
        """Return the text of a person on one line, cut after some characters."""
        line = plain(text)
        return breakable(line if len(line) <= TEXT_SHOWN else f"{line[:TEXT_SHOWN]}\N{HORIZONTAL ELLIPSIS}")

    def number(self, value: float) -> str:
        """Return a number."""
        return str(format_decimal(value, locale=self._formats))

    def percent(self, part: int, whole: int) -> str:
        """Return a share in percent."""
        return str(format_percent(part / whole, locale=self._formats))

    def day(self, at: datetime) -> str:
        """Return a day of the venue."""
        return str(format_date(at.astimezone(self._zone), "long", locale=self._formats))

    def moment(self, at: datetime) -> str:
        """Return day and time of the venue."""
        return str(format_datetime(at, "short", tzinfo=self._zone, locale=self._formats))

    def hour(self, at: datetime) -> str:
        """Return a time of the venue in minutes."""
        return str(format_time(at, "short", tzinfo=self._zone, locale=self._formats))

    def second(self, at: datetime | None) -> str:
        """Return a time of the venue in seconds."""
        return NONE if at is None else str(format_time(at, "medium", tzinfo=self._zone, locale=self._formats))

    def offset(self, at: datetime) -> str:
        """Return the offset of the venue from UTC: `UTC+02:00`."""
        return f"UTC{self.local(at).isoformat()[-len('+00:00') :]}"

    def local(self, at: datetime) -> datetime:
        """Return an instant in the time of the venue."""
        return at.astimezone(self._zone)


def duration(seconds: float) -> str:
    """Return a duration as minutes and seconds, or hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
