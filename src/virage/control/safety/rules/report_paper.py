"""After-action report as PDF: A4, accessible (PDF/UA-1), with charts; and the anonymous counts as CSV.

Pure and slow (up to some seconds for a long evening): call it in a thread, outside of transactions.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from virage.control.safety.rules.alerts import PER_100_M2, Alert, AlertMeasure
from virage.control.safety.rules.broadcasts import Broadcast, BroadcastMode
from virage.control.safety.rules.procedures import STEPS, Procedure, ProcedureMode
from virage.control.safety.rules.report import (
    Crowd,
    Flow,
    Logged,
    Moment,
    ReportFacts,
    ResponseLeg,
    ResponseTimes,
    anonymous_counts,
    by_kind,
    crowd_of,
    decisions,
    first_times,
    logged,
    peak,
    responses,
    stand_of,
)
from virage.control.safety.rules.report_charts import Axis, chart
from virage.control.safety.rules.report_pen import NONE, Pen, duration
from virage.platform.paper import breakable, ink_on, plain, printed
from virage.platform.settings.config import Club
from virage.platform.values.localised import LanguageTag, text_in
from virage.platform.values.tables import table
from virage.platform.values.zones import zone_city
from virage.site.programme.types import Event
from virage.site.venue.types import local_code

ALERTS_SHOWN: Final = 60
DECISIONS_SHOWN: Final = 100
URGENT_SHOWN: Final = 40
PROCEDURES_SHOWN: Final = 20
MESSAGES_SHOWN: Final = 60
ZONES_SHOWN: Final = 40
GATES_SHOWN: Final = 8
DENSE_SHOWN: Final = 3
PRIORITIES: Final = (1, 2, 3)
_TEMPLATE: Final = Path(__file__).with_name("report.typ")


def report_pdf(facts: ReportFacts, club: Club, lang: LanguageTag) -> bytes:
    """Return the report in an installed language."""
    return printed(_template(), {"report": msgspec.json.encode(page(facts, club, lang)).decode()})


@cache
def _template() -> bytes:
    return _TEMPLATE.read_bytes()


def counts_csv(facts: ReportFacts, lang: LanguageTag) -> bytes:
    """Return the anonymous counts as CSV, with a note on counts that are not shown."""
    pen, event = Pen(facts, lang), facts.event
    rows = [
        ("event", text_in(event.title, lang, lang), event.starts_at.astimezone(event.zone).isoformat()),
        ("note", "", pen.said("counts_note")),
        *anonymous_counts(facts),
    ]
    return table(("figure", "group", "value"), rows)


def page(facts: ReportFacts, club: Club, lang: LanguageTag) -> dict[str, Any]:
    """Return the data of the template."""
    event, pen = facts.event, Pen(facts, lang)
    crowd, records = crowd_of(facts.pictures), logged(facts)
    axis = Axis(pen, _span(facts, crowd, records))
    title = plain(text_in(event.title, lang, lang))
    day = pen.day(event.starts_at)
    is_exercise = any(one.mode is ProcedureMode.EXERCISE for one in facts.procedures) or any(
        one.mode is not BroadcastMode.ACTUAL for one in facts.broadcasts
    )
    return {
        "lang": lang,
        "document_title": pen.named(pen.said("title"), f"{title}, {day}"),
        "club": breakable(club.name),
        "primary": club.primary,
        "on_primary": ink_on(club.primary),
        "title": pen.said("title"),
        "subject": breakable(title),
        "place": f"{breakable(event.venue_name)}, {day}",
        "exercise": pen.said("exercise_note") if is_exercise else "",
        "cards": _cards(pen, facts, crowd),
        "facts": [
            [pen.said("doors"), pen.moment(event.doors_at)],
            [pen.said("starts"), pen.moment(event.starts_at)],
            [pen.said("ends"), pen.moment(event.ends_at)],
            [pen.said("covered"), f"{pen.moment(axis.start)} \N{EN DASH} {pen.moment(axis.end)}"],
            [
                pen.said("zone"),
                f"{zone_city(event.time_zone, lang)} ({event.time_zone}, {pen.offset(event.starts_at)})",
            ],
            [pen.said("made_at"), pen.moment(facts.made_at)],
            [pen.said("log_number"), pen.number(facts.head.number)],
            [pen.said("log_hash"), facts.head.hash],
            [pen.said("key"), sha256(facts.key).hexdigest()],
        ],
        "notes": [pen.said("about_log"), pen.said("about_persons"), pen.said("about_systems")],
        "footer": " \N{MIDDLE DOT} ".join((pen.said("title"), breakable(title), day)),
        "sections": [
            _occupancy(pen, facts.event, crowd, axis),
            _flows(pen, crowd.flows, axis),
            _alerts(pen, facts.alerts, axis),
            _incidents(pen, facts),
            _procedures(pen, facts, records),
            _decisions(pen, facts, records, crowd),
            _messages(pen, facts, records),
            *([] if not pen.persons else [_persons(pen)]),
        ],
    }


def _span(facts: ReportFacts, crowd: Crowd, records: Mapping[int, Logged]) -> tuple[datetime, datetime]:
    """Return from when to when the charts are: the stored pictures, else the log, else the event."""
    times = [one.at for one in crowd.moments] or [one.at for one in records.values()]
    start, end = (times[0], times[-1]) if times else (facts.event.doors_at, facts.event.ends_at)
    return start, max(end, start + timedelta(minutes=1))


def _table(pen: Pen, columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[Any]], **of: Any) -> dict[str, Any]:
    return {
        "kind": "table",
        "columns": [pen.said(name) for name, _ in columns],
        "widths": [width for _, width in columns],
        "right": [],
        "rows": rows,
        **of,
    }


def _section(pen: Pen, name: str, blocks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a part of the document with its source; without blocks it says that there was nothing."""
    return {
        "title": pen.said(f"section_{name}"),
        "source": pen.said("source", source=pen.said(f"source_{name}")),
        "blocks": blocks or [_text(pen.said(f"no_{name}"))],
    }


def _text(text: str) -> dict[str, Any]:
    return {"kind": "text", "text": text}


def _rest(pen: Pen, found: Collection[Any], shown: int) -> list[dict[str, Any]]:
    """Return how many more there are than shown."""
    more = len(found) - shown
    return [_text(pen.said("more", number=pen.number(more)))] if more > 0 else []


def _cards(pen: Pen, facts: ReportFacts, crowd: Crowd) -> list[dict[str, str]]:
    most = peak(crowd.inside)
    times = responses([one.incident for one in facts.incidents], facts.assignments)[ResponseLeg.ARRIVED]
    escalated = sum(one.escalated_at is not None for one in facts.alerts)
    return [
        _card(
            pen,
            "peak",
            pen.said("not_measured") if most is None else pen.number(most.value or 0),
            "" if most is None else pen.said("at", time=pen.hour(most.at)),
        ),
        _card(
            pen,
            "incidents",
            pen.number(len(facts.incidents)),
            pen.said("urgent", number=pen.number(sum(one.incident.priority == 1 for one in facts.incidents))),
        ),
        _card(
            pen,
            "arrival",
            NONE if times is None else duration(times.median_s),
            "" if times is None else pen.said("longest", time=duration(times.longest_s)),
        ),
        _card(pen, "alerts", pen.number(len(facts.alerts)), pen.said("escalated_count", number=pen.number(escalated))),
    ]


def _card(pen: Pen, name: str, value: str, note: str) -> dict[str, str]:
    return {"name": pen.said(f"card_{name}"), "value": value, "note": note}


def _occupancy(pen: Pen, event: Event, crowd: Crowd, axis: Axis) -> dict[str, Any]:
    samples = crowd.inside
    most = peak(samples)
    rows = []
    for one in crowd.zones[:ZONES_SHOWN]:
        highest = peak(one.samples)
        people = None if highest is None else highest.value
        rows.append(
            [
                local_code(one.zone),
                pen.said(f"by_{one.source}"),
                NONE if one.capacity is None else pen.number(one.capacity),
                pen.said("not_measured") if people is None else pen.number(people),
                NONE if people is None or not one.capacity else pen.percent(people, one.capacity),
                NONE if highest is None else pen.hour(highest.at),
                NONE if one.worst is None else pen.said(f"density_{one.worst}"),
                pen.number(sum(sample.value is None for sample in one.samples)),
            ]
        )
    if most is None:
        drawn = [_text(pen.said("no_occupancy"))]
    else:
        alt = pen.said("chart_occupancy", peak=pen.number(most.value or 0), time=pen.hour(most.at))
        marks = [
            (axis.of(at), pen.said(name))
            for name, at in (("doors", event.doors_at), ("starts", event.starts_at), ("ends", event.ends_at))
            if axis.start < at < axis.end
        ]
        drawn = [
            chart(pen, samples, axis, most.value or 0, alt=alt, height=52, marks=marks),
            _text(pen.said("gap_note")),
        ]
    columns = (
        ("zone_code", 2),
        ("by", 2),
        ("places", 2),
        ("highest", 2.4),
        ("share", 2),
        ("time", 1.6),
        ("density", 2),
        ("unmeasured", 2.6),
    )
    listed = [_table(pen, columns, rows, right=[2, 3, 4, 7]), *_rest(pen, crowd.zones, len(rows))] if rows else []
    return _section(pen, "occupancy", [*drawn, *listed])


def _flows(pen: Pen, found: Sequence[Flow], axis: Axis) -> dict[str, Any]:
    top = max((sample.value or 0 for flow in found for sample in flow.samples), default=0)
    charts = []
    for flow in [flow for flow in found if flow.entered][:GATES_SHOWN]:
        most = peak(flow.samples)
        title = pen.said(
            "gate_flow",
            gate=local_code(flow.gate),
            stand=flow.stand,
            entered=pen.number(flow.entered or 0),
            peak=pen.number((most and most.value) or 0),
            time=NONE if most is None else pen.hour(most.at),
        )
        charts.append(chart(pen, flow.samples, axis, top, title=title, alt=title, height=15))
    stands: dict[str, list[int | None]] = {}
    for flow in found:
        stands.setdefault(flow.stand, []).append(flow.entered)
    rows = [
        [
            stand,
            pen.number(len(counts)),
            pen.number(sum(count for count in counts if count is not None))
            if any(count is not None for count in counts)
            else pen.said("not_measured"),
            pen.number(counts.count(None)),
        ]
        for stand, counts in sorted(stands.items())
    ]
    columns = (("stand", 3), ("gates", 2), ("entered", 3), ("gates_unmeasured", 4))
    return _section(pen, "flows", [_table(pen, columns, rows, right=[1, 2, 3]), *charts] if rows else [])


def _alerts(pen: Pen, alerts: Sequence[Alert], axis: Axis) -> dict[str, Any]:
    most_urgent = sorted(alerts, key=lambda one: (one.priority, one.raised_at))[:ALERTS_SHOWN]
    shown = sorted(most_urgent, key=lambda one: one.raised_at)
    rows = [
        [
            pen.second(one.raised_at),
            f"P{one.priority}",
            f"{pen.said(f'measure_{one.measure}')}, {local_code(one.place)} ({pen.said(f'unit_{one.measure}')})",
            f"{_amount(pen, one.measure, one.raised_value)} / {_amount(pen, one.measure, one.raise_at)}",
            {
                "bar": [axis.of(one.raised_at), axis.of(one.ended_at or axis.end)],
                "priority": one.priority,
                "acknowledged": None if one.acknowledged_at is None else axis.of(one.acknowledged_at),
                "escalated": None if one.escalated_at is None else axis.of(one.escalated_at),
                "open": one.ended_at is None,
            },
            _after(one.raised_at, one.acknowledged_at),
            _after(one.raised_at, one.escalated_at),
            pen.said("still_open")
            if one.ended_at is None
            else f"{_after(one.raised_at, one.ended_at)} ({pen.said(f'end_{one.ended_as}')})",
        ]
        for one in shown
    ]
    columns = (
        ("raised", 2.3),
        ("priority", 1.5),
        ("alert", 4.6),
        ("value", 2.4),
        ("course", 5),
        ("acknowledged", 1.9),
        ("escalated", 1.9),
        ("ended", 3),
    )
    span = pen.said("course_note", start=pen.hour(axis.start), end=pen.hour(axis.end))
    listed = [_table(pen, columns, rows, right=[5, 6]), _text(span), *_rest(pen, alerts, len(shown))]
    return _section(pen, "alerts", listed if rows else [])


def _amount(pen: Pen, measure: AlertMeasure, value: int) -> str:
    return pen.number(value / PER_100_M2 if measure is AlertMeasure.DENSITY else value)


def _after(start: datetime, at: datetime | None) -> str:
    """Return the time from one instant to another."""
    return NONE if at is None else f"+{duration((at - start).total_seconds())}"


def _incidents(pen: Pen, facts: ReportFacts) -> dict[str, Any]:
    incidents = [one.incident for one in facts.incidents]
    kinds = by_kind(incidents)
    most = max((counts.total() for counts in kinds.values()), default=0)
    of_kinds = [
        [
            pen.said(f"incident_{kind}"),
            *(pen.number(counts[priority]) for priority in PRIORITIES),
            pen.number(counts.total()),
            {"stack": [counts[priority] / most for priority in PRIORITIES]},
        ]
        for kind, counts in kinds.items()
    ]
    of_kinds.append(
        [
            pen.said("all"),
            *(pen.number(sum(counts[priority] for counts in kinds.values())) for priority in PRIORITIES),
            pen.number(len(incidents)),
            {"stack": []},
        ]
    )
    times = []
    for name, found in (
        (pen.said("all"), incidents),
        *((f"P{priority}", [one for one in incidents if one.priority == priority]) for priority in PRIORITIES),
    ):
        legs = responses(found, facts.assignments)
        times.append([name, pen.number(len(found)), *(_response(pen, legs[leg]) for leg in ResponseLeg)])
    urgent = sorted(
        (one for one in facts.incidents if one.incident.priority == PRIORITIES[0]),
        key=lambda one: one.incident.reported_at,
    )
    assigned, arrived = first_times(facts.assignments)
    urgent_rows = [
        [
            pen.second(one.incident.reported_at),
            pen.said(f"incident_{one.incident.kind}"),
            stand_of(one, facts.venue) or NONE,
            _after(one.incident.reported_at, assigned.get(one.incident.id)),
            _after(one.incident.reported_at, arrived.get(one.incident.id)),
            _after(one.incident.reported_at, one.incident.resolved_at),
        ]
        for one in urgent[:URGENT_SHOWN]
    ]
    kind_columns = (("incident", 4), ("p1", 1), ("p2", 1), ("p3", 1), ("total", 1.4), ("by_priority", 8))
    leg_columns = (("priority", 1.6), ("incidents", 1.8), ("leg_assigned", 4), ("leg_arrived", 4), ("leg_resolved", 4))
    urgent_columns = (
        ("reported", 2.4),
        ("incident", 4),
        ("zone_code", 3),
        ("leg_assigned", 2.6),
        ("leg_arrived", 2.6),
        ("leg_resolved", 2.6),
    )
    fans = sum(one.source.value == "fan" for one in incidents)
    blocks = [
        _table(pen, kind_columns, of_kinds, right=[1, 2, 3, 4]),
        _text(pen.said("from_fans", number=pen.number(fans))),
        {"kind": "heading", "text": pen.said("response_times")},
        _table(pen, leg_columns, times, right=[1]),
        _text(pen.said("response_note")),
    ]
    if urgent_rows:
        blocks += [
            {"kind": "heading", "text": pen.said("urgent_incidents")},
            _table(pen, urgent_columns, urgent_rows, right=[3, 4, 5]),
            *_rest(pen, urgent, len(urgent_rows)),
        ]
    return _section(pen, "incidents", blocks if incidents else [])


def _response(pen: Pen, times: ResponseTimes | None) -> str:
    if times is None:
        return pen.said("not_recorded")
    return pen.said(
        "response",
        median=duration(times.median_s),
        longest=duration(times.longest_s),
        number=pen.number(times.incidents),
    )


def _procedures(pen: Pen, facts: ReportFacts, records: Mapping[int, Logged]) -> dict[str, Any]:
    found = sorted(facts.procedures, key=lambda one: one.requested_at)
    steps = {(one.procedure_id, one.step): one for one in facts.steps}
    blocks: list[dict[str, Any]] = []
    for one in found[:PROCEDURES_SHOWN]:
        rows = []
        for step in STEPS[one.kind]:
            done = steps.get((one.id, step.code))
            rows.append(
                [
                    pen.said(f"step_{step.code}"),
                    pen.said(f"role_{step.role}"),
                    pen.said("step_not_recorded" if done is None else f"outcome_{done.outcome}"),
                    NONE if done is None else pen.second(done.occurred_at),
                    NONE if done is None or one.begun_at is None else _after(one.begun_at, done.occurred_at),
                    "" if done is None else pen.text(records.get(done.recorded_in)),
                ]
            )
        columns = (("step", 5), ("role", 2.6), ("outcome", 2.2), ("time", 1.9), ("after", 1.7), ("note", 4))
        blocks += [
            {"kind": "heading", "text": _name_of(pen, one)},
            _text(_course_of(pen, one)),
            _table(pen, columns, rows, right=[4]),
        ]
    return _section(pen, "procedures", [*blocks, *_rest(pen, found, PROCEDURES_SHOWN)])


def _name_of(pen: Pen, procedure: Procedure) -> str:
    name = pen.said(f"procedure_{procedure.kind}")
    return pen.named(pen.said("mode_exercise"), name) if procedure.mode is ProcedureMode.EXERCISE else name


def _course_of(pen: Pen, one: Procedure) -> str:
    """Return when and by whom a procedure was requested, begun and ended."""
    parts = [pen.said("requested", time=pen.second(one.requested_at), who=pen.person(one.requested_by))]
    if one.begun_at is not None:
        how = "begun_alone" if one.is_alone else "begun"
        parts.append(pen.said(how, time=pen.second(one.begun_at), who=pen.person(one.begun_by)))
    if one.ended_at is not None:
        time, who = pen.second(one.ended_at), pen.person(one.ended_by)
        parts.append(pen.said("ended_by", how=pen.said(f"ended_{one.ended_as}"), time=time, who=who))
    else:
        parts.append(pen.said("still_open"))
    return " \N{MIDDLE DOT} ".join(parts)


def _decisions(pen: Pen, facts: ReportFacts, records: Mapping[int, Logged], crowd: Crowd) -> dict[str, Any]:
    found = decisions(records, crowd.moments)
    subjects = {
        **{one.id: _name_of(pen, one) for one in facts.procedures},
        **{one.id: f"{pen.said(f'measure_{one.measure}')}, {local_code(one.place)}" for one in facts.alerts},
        **{one.incident.id: pen.said(f"incident_{one.incident.kind}") for one in facts.incidents},
    }
    rows = []
    for one, moment in found[:DECISIONS_SHOWN]:
        subject = subjects.get(one.record.about, "")
        rows.append(
            [
                f"{pen.second(one.at)} ({pen.number(one.record.number)})",
                pen.named(pen.said(one.record.kind), subject) if subject else pen.said(one.record.kind),
                pen.text(one) or NONE,
                pen.person(one.record.who),
                _moment(pen, moment),
            ]
        )
    columns = (("time_number", 2.7), ("decision", 4), ("reason", 5), ("who", 2), ("picture", 4.4))
    listed = [_table(pen, columns, rows), *_rest(pen, found, len(rows))]
    return _section(pen, "decisions", listed if rows else [])


def _moment(pen: Pen, moment: Moment | None) -> str:
    """Return what the controller saw."""
    if moment is None:
        return pen.said("no_picture")
    people = "inside_unmeasured" if moment.inside is None else "inside"
    return " \N{MIDDLE DOT} ".join(
        [
            pen.said("at", time=pen.hour(moment.at)),
            pen.said(people, number=pen.number(moment.inside or 0)),
            pen.said("open_incidents", number=pen.number(moment.incidents)),
            *(f"{local_code(code)} {pen.said(f'density_{density}')}" for code, density in moment.dense[:DENSE_SHOWN]),
        ]
    )


def _messages(pen: Pen, facts: ReportFacts, records: Mapping[int, Logged]) -> dict[str, Any]:
    found = sorted(facts.broadcasts, key=lambda one: one.number)
    rows = [
        [
            pen.second(one.sent_at),
            _kind_of(pen, one),
            _audience(pen, one),
            pen.text(records.get(one.number)),
            _receipts(pen, facts, one),
        ]
        for one in found[:MESSAGES_SHOWN]
    ]
    columns = (("time", 2), ("message", 3), ("audience", 3), ("text", 6), ("receipts", 4))
    listed = [_table(pen, columns, rows), _text(pen.said("receipts_note")), *_rest(pen, found, len(rows))]
    return _section(pen, "messages", listed if rows else [])


def _kind_of(pen: Pen, one: Broadcast) -> str:
    kind = f"{pen.said(f'message_{one.kind}')}, {pen.said(f'severity_{one.severity}')}"
    return kind if one.mode is BroadcastMode.ACTUAL else pen.named(pen.said(f"mode_{one.mode}"), kind)


def _audience(pen: Pen, one: Broadcast) -> str:
    if one.audience == "all_fans":
        return pen.said("audience_all_fans")
    if one.audience == "staff":
        return pen.said("audience_staff", groups=", ".join(pen.said(f"group_{group}") for group in one.targets))
    return pen.said("audience_zones", zones=breakable(", ".join(one.targets)))


def _receipts(pen: Pen, facts: ReportFacts, one: Broadcast) -> str:
    """Return how many accounts confirmed a message, by stand or standing area."""
    if not one.is_public:
        return NONE
    if one.sent_at < facts.receipts_since:
        return pen.said("erased")
    stands = {block.code: block.stand for block in facts.venue.blocks} | {
        area.code: area.code for area in facts.venue.areas
    }
    counted = facts.receipts.get(one.id, {})
    zones: Counter[str] = Counter()
    for place, count in counted.items():
        zones[stands.get(place) or pen.said("no_ticket")] += count
    parts = [f"{zone} {pen.number(count)}" for zone, count in zones.most_common()]
    total = pen.number(sum(counted.values()))
    return f"{total} ({', '.join(parts)})" if parts else total


def _persons(pen: Pen) -> dict[str, Any]:
    rows = [[name, str(person)] for person, name in pen.persons.items()]
    return _section(pen, "persons", [_table(pen, (("who", 2), ("person_id", 8)), rows)])
