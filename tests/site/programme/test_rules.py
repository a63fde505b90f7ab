from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.programme.rules import (
    Event,
    EventContent,
    EventDefect,
    EventRules,
    NewEvent,
    Reason,
    Text,
    check_dates,
    content_of,
    defects,
    digest,
    may_amend,
    may_cancel,
    may_publish,
)

START = datetime(2026, 5, 9, 19, tzinfo=UTC)
NOW = START - timedelta(days=3)
HOUR = timedelta(hours=1)


@dataclass
class _Given:
    state: Any = "draft"


def an_event(given_: _Given | None = None, **changes: Any) -> Event:
    base = given_ or _Given()
    content: dict[str, Any] = {
        "kind": "match",
        "title": {"fr": "Finale", "en": "Final"},
        "doors_at": START - 2 * HOUR,
        "starts_at": START,
        "ends_at": START + 2 * HOUR,
        "sale_opens_at": NOW - HOUR,
        "sale_closes_at": START,
    }
    return Event(
        id=new_id(),
        organiser_id=new_id(),
        series_title=None,
        venue_version="a version",
        venue_code="stadium",
        venue_name="Stadium",
        time_zone="Europe/Paris",
        state=base.state,
        revision=3,
        **(content | changes),
    )


def found(event: Event, languages: Sequence[str] = ("fr", "en")) -> list[str]:
    return defects(event, NOW, languages)


def test_a_complete_event_has_no_defects_and_may_be_published() -> None:
    assert found(an_event()) == []
    assert may_publish(an_event(), NOW) is None


@pytest.mark.parametrize(
    ("changes", "defect"),
    [
        ({"title": {"fr": "", "en": "Final"}}, "title_fr_missing"),
        ({"title": {"fr": "Finale", "en": "  "}}, "title_en_missing"),
        ({"subtitle": {"fr": "Coupe", "en": ""}}, EventDefect.SUBTITLE),
        ({"doors_at": START + HOUR}, EventDefect.DOORS),
        ({"ends_at": START}, EventDefect.END),
        ({"sale_closes_at": NOW - HOUR}, EventDefect.SALE),
        ({"sale_closes_at": START + 3 * HOUR}, EventDefect.SALE_END),
    ],
)
def test_each_defect_is_returned(changes: dict[str, Any], defect: str) -> None:
    event = an_event(**changes)
    assert defect in found(event)
    refused = may_publish(event, NOW, ("fr", "en"))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.data["defects"]) == (Reason.INCOMPLETE, found(event))


def test_all_defects_are_returned_at_once() -> None:
    assert found(an_event(title={}, doors_at=START + HOUR)) == [
        "title_fr_missing",
        "title_en_missing",
        EventDefect.DOORS,
    ]


def test_an_event_needs_its_texts_in_the_languages_of_the_deployment_and_the_refusal_names_those_missing() -> None:
    event = an_event(title={"fr": "Finale", "en": "Final"}, subtitle={"fr": "Coupe", "en": "Cup"})
    assert found(event, ("de", "fr")) == ["title_de_missing", EventDefect.SUBTITLE]
    refused = may_publish(event, NOW, ("de", "fr"))
    assert isinstance(refused, Refused)
    assert refused.data["languages"] == ["de"]
    assert found(event, ("fr",)) == []
    assert found(an_event(title={"de": "Finale"}), ()) == []
    assert found(an_event(title={"de": " "}), ()) == [EventDefect.TITLE]


def test_a_repeated_request_of_an_earlier_version_has_the_same_digest() -> None:
    """Stored digests are of texts in French and English, both present."""
    new = NewEvent(
        id=UUID(int=1),
        organiser_id=UUID(int=2),
        kind="match",
        title={"en": "Final", "fr": "Finale"},
        doors_at=START,
        starts_at=START,
        ends_at=START + HOUR,
        sale_opens_at=NOW,
        sale_closes_at=START,
    )
    assert digest(new).hex() == "f8c39dc8cb1ce0d1e274c4cb97aaa1a69765acbefaeee6fc731bd26740fb4231"
    assert digest(replace(new, subtitle={"fr": "", "en": ""})) == digest(new)
    assert digest(replace(new, title={"fr": "Finale", "en": "Final"})) == digest(new)
    assert digest(replace(new, title={"fr": "Finale", "en": "Final", "de": "Finale"})) != digest(new)
    assert digest(replace(new, rules=EventRules(names_by=48))) != digest(new)
    assert digest(replace(new, rules=EventRules(name_changes_max=0))) != digest(new)


def test_a_past_event_cannot_be_published() -> None:
    assert defects(an_event(), START + 2 * HOUR) == [EventDefect.OVER]


def test_doors_may_open_at_the_start_of_a_tour() -> None:
    assert found(an_event(kind="tour", doors_at=START)) == []


def test_the_sale_is_open_from_its_opening_until_its_close() -> None:
    event = an_event()
    assert event.sale_phase(NOW - HOUR - timedelta(microseconds=1)) == "before"
    assert event.sale_phase(NOW - HOUR) == "open"
    assert event.sale_phase(START) == "after"
    assert msgspec.structs.replace(event, state="cancelled").sale_phase(NOW - HOUR) == "cancelled"


def test_a_draft_may_be_incomplete_but_a_published_event_may_not() -> None:
    broken = content_of(an_event(title={}))
    assert may_amend(an_event(), broken, None, NOW) is None
    refused = may_amend(an_event(_Given("published")), broken, None, NOW)
    assert refused is not None
    assert refused.reason == Reason.INCOMPLETE


def test_a_concurrent_amendment_is_not_overwritten() -> None:
    content = content_of(an_event(kind="concert"))
    assert may_amend(an_event(), content, 3, NOW) is None
    assert may_amend(an_event(), content, 2, NOW) == Refused(Reason.CHANGED, {"revision": 3})


def test_a_cancelled_or_past_event_cannot_be_changed() -> None:
    content = content_of(an_event(kind="concert"))
    after = START + 3 * HOUR
    assert may_amend(an_event(_Given("cancelled")), content, None, NOW) == Refused(Reason.CANCELLED)
    assert may_publish(an_event(_Given("cancelled")), NOW) == Refused(Reason.CANCELLED)
    assert may_amend(an_event(_Given("published")), content, None, after) == Refused(Reason.OVER)
    assert may_cancel(an_event(_Given("published")), after) == Refused(Reason.OVER)
    assert may_cancel(an_event(_Given("published")), START) is None
    assert may_cancel(an_event(), after) is None


@given(st.sampled_from([1, 1999, 2200, 9999]))
def test_times_outside_the_supported_years_are_refused(year: int) -> None:
    content = content_of(an_event(ends_at=datetime(year, 1, 1, tzinfo=UTC)))
    assert check_dates(content) == Refused(Reason.INVALID, {"fields": ["ends_at"]})


def test_the_digest_does_not_depend_on_the_order_of_fields() -> None:
    event = an_event()
    content = {name: getattr(event, name) for name in EventContent.__struct_fields__}
    command = NewEvent(id=event.id, organiser_id=event.organiser_id, **content)
    wire = msgspec.json.decode(msgspec.json.encode(command))
    turned = msgspec.convert(dict(reversed(wire.items())), NewEvent)
    assert digest(turned) == digest(command)
    assert digest(msgspec.structs.replace(command, rules=EventRules(alcohol=True))) != digest(command)


def test_the_digest_of_a_request_without_a_venue_is_the_one_of_version_0_2() -> None:
    content = {name: getattr(an_event(), name) for name in EventContent.__struct_fields__}
    command = NewEvent(id=UUID(int=1), organiser_id=UUID(int=2), **content)
    assert digest(command).hex().startswith("af04505799b10ad8")
    assert digest(msgspec.structs.replace(command, venue_code="arena")) != digest(command)


@pytest.mark.parametrize("title", ["a\x00b", "a\nb", "x" * 121])
def test_titles_are_one_line(title: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"fr": title}, Text)
