"""Entries that a CDF document proposes, beyond those of the feed.

Documents are compared with the effective feed, not with earlier documents. So lines can be repeated, and a goal from
event data, match sheet and desk is published once. The official match sheet corrects the scorer.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec import Struct

from virage.media.live.rules.entries import (
    Booking,
    Content,
    EntryCorrection,
    EntryWithdrawal,
    FeedEntry,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    ShootOutKick,
    Side,
    Substitution,
    VarReview,
    other_side,
)
from virage.media.live.rules.feed import state_of
from virage.media.live.sources.rules.attribution import Actor
from virage.media.live.sources.rules.cdf import (
    PERIODS,
    CdfEvent,
    MatchSheet,
    MetaData,
    SheetGoal,
    SourceIds,
    clock_s,
)
from virage.media.live.sources.rules.counting import CountedKind

SAME_GOAL: Final = timedelta(seconds=45)
"""Goals of one side within this time are the same goal: play must restart before the next one."""

SAME_RETAKEN_KICK: Final = timedelta(seconds=20)
"""A retaken kick of the shoot-out is at least this much later than the invalid one."""

SAME_BOOKING: Final = timedelta(minutes=1)
"""A booking of another player in the match sheet within this time corrects the feed's booking."""

COLOURS: Final[dict[str, Literal["yellow", "second_yellow", "red"]]] = {
    "yellow_card": "yellow",
    "second_yellow_card": "second_yellow",
    "red_card": "red",
}
LAST_PERIODS: Final = (Period.SECOND_HALF, Period.EXTRA_SECOND, Period.SHOOT_OUT)

EffectiveEntries = Mapping[int, FeedEntry]


class ProposedEntry(Struct, frozen=True):
    """An entry to publish; its id is derived from `name`, so it is published once."""

    name: str
    at: datetime
    content: Content
    clock_s: int | None = None


def is_supported(event: CdfEvent, who: Actor | None) -> bool:
    """Return whether an event has an entry type."""
    if event.type == "referee" and event.outcome_type in ("start", "end"):
        return True
    if who is None:
        return False
    if event.type == "shot":
        return event.period == "shootout" or event.is_successful or event.outcome_type == "own_goal"
    return event.type == "referee" and event.outcome_type in COLOURS and who[1] is not None


def entries_of_event(event: CdfEvent, who: Actor | None, happened: EffectiveEntries) -> list[ProposedEntry]:
    """Return the entries of an event line in the feed's current state; more may follow after they are published."""
    if not is_supported(event, who):
        return []
    period = PERIODS[event.period]
    if event.outcome_type in ("start", "end"):
        over = event.sub_type == "final_whistle" and period in LAST_PERIODS
        return _period_entries(period, event.outcome_type, event.time, happened, match_over=over)
    if who is None:
        return []
    if event.type == "shot":
        return (
            _kick_entries(event, who, happened) if period is Period.SHOOT_OUT else _goal_entries(event, who, happened)
        )
    if who[1] is None:
        return []
    card = Booking(who[0], who[1], COLOURS[event.outcome_type])
    matter: Literal["goal", "red_card"] | None = None if card.colour == "yellow" else "red_card"
    return _reviewed_entries(event, card, _number_of(card, happened), matter)


def entries_of_meta(meta: MetaData, happened: EffectiveEntries) -> list[ProposedEntry]:
    """Return starts and ends of periods."""
    for whistle in sorted(meta.match.whistles, key=lambda whistle: whistle.time):
        if whistle.type in PERIODS and whistle.sub_type in ("start", "end"):
            found = _period_entries(PERIODS[whistle.type], whistle.sub_type, whistle.time, happened)
            if found:
                return found
    return []


def entries_of_sheet(sheet: MatchSheet, known: SourceIds, happened: EffectiveEntries) -> list[ProposedEntry]:
    """Return the events of the match sheet that the feed lacks."""
    return sorted(
        [*_sheet_goal_entries(sheet, known, happened), *_sheet_other_entries(sheet, known, happened)],
        key=lambda news: news.at,
    )


def kinds_of(event: CdfEvent) -> list[CountedKind]:
    """Return the kinds that an event line counts as."""
    if event.period == "shootout":
        return []
    match event.type:
        case "shot" if event.outcome_type != "own_goal":
            at_goal = event.is_successful or event.outcome_type in ("successful", "saved")
            return [CountedKind.SHOT, *([CountedKind.ON_TARGET] if at_goal else [])]
        case "pass":
            corner = [CountedKind.CORNER] if event.sub_type == "corner_kick" else []
            offside = [CountedKind.OFFSIDE] if event.outcome_type == "offside" else []
            return [CountedKind.PASS, *([CountedKind.COMPLETED] if event.is_successful else []), *corner, *offside]
        case "referee" if event.sub_type == "foul":
            return [CountedKind.FOUL]
        case "referee" if "offside" in (event.sub_type, event.outcome_type):
            return [CountedKind.OFFSIDE]
        case _:
            return []


def _period_entries(
    period: Period, what: str, at: datetime, happened: EffectiveEntries, *, match_over: bool = False
) -> list[ProposedEntry]:
    now = state_of(happened.values())
    running = None if now.clock is None else now.clock.period
    if what == "start" and period is not running and period not in now.over:
        return [ProposedEntry(f"{period} start", at, KickOff(period))]
    if what == "end" and period is running:
        return [ProposedEntry(f"{period} end", at, PeriodOver(period, match_over or period is Period.SHOOT_OUT))]
    return []


def _goal_entries(event: CdfEvent, who: Actor, happened: EffectiveEntries) -> list[ProposedEntry]:
    side, player = who
    own = event.outcome_type == "own_goal"
    gains = other_side(side) if own else side
    penalty = event.sub_type in ("penalty", "penalty_kick")
    goal = Goal(gains, player, None, "own" if own else "penalty" if penalty else "play")
    near = [number for number, _ in _goals(gains, happened, event.time)]
    return _reviewed_entries(event, goal, near[0] if near else None, "goal")


def _kick_entries(event: CdfEvent, who: Actor, happened: EffectiveEntries) -> list[ProposedEntry]:
    """A kick of the shoot-out; a retaken one is withdrawn."""
    if event.is_successful:
        outcome: Literal["scored", "saved", "missed"] = "scored"
    else:
        outcome = "saved" if event.outcome_type in ("saved", "blocked") else "missed"
    kick = ShootOutKick(who[0], outcome, who[1])
    void = event.var is not None and event.var.reviewed and not event.var.upheld
    near = _kicks(kick, happened, event.time, SAME_RETAKEN_KICK if void else SAME_GOAL)
    if void:
        return [ProposedEntry(f"{event.id} withdrawn", event.time, EntryWithdrawal(near[0][0]))] if near else []
    return [] if near else [ProposedEntry(event.id, event.time, kick)]


def _reviewed_entries(
    event: CdfEvent,
    content: Goal | Booking,
    about: int | None,
    matter: Literal["goal", "red_card"] | None,
) -> list[ProposedEntry]:
    """An event with the result of its VAR review."""
    at_s = clock_s(event.match_clock)
    reviewed = matter is not None and event.var is not None and event.var.reviewed
    if not reviewed or matter is None or event.var is None:
        return [] if about is not None else [ProposedEntry(event.id, event.time, content, at_s)]
    if event.var.upheld:
        if about is None:
            return [ProposedEntry(event.id, event.time, content, at_s)]
        return [ProposedEntry(f"{event.id} var", event.time, VarReview(matter, "stands", about), at_s)]
    if about is None:
        return [ProposedEntry(f"{event.id} var", event.time, VarReview(matter, "overturned"), at_s)]
    return [
        ProposedEntry(f"{event.id} var", event.time, VarReview(matter, "overturned", about), at_s),
        ProposedEntry(f"{event.id} withdrawn", event.time, EntryWithdrawal(about)),
    ]


def _sheet_goal_entries(sheet: MatchSheet, known: SourceIds, happened: EffectiveEntries) -> Iterator[ProposedEntry]:
    matched: set[int] = set()
    for goal in sorted(sheet.events.goals or (), key=lambda goal: goal.time):
        content = _sheet_goal(goal, known)
        if content is None:
            continue
        known_as = (
            _goals(content.side, happened, goal.time)
            if isinstance(content, Goal)
            else _kicks(content, happened, goal.time)
        )
        near = [(number, existing) for number, existing in known_as if number not in matched]
        if not near:
            yield ProposedEntry(f"goal {goal.team_id} {goal.time.isoformat()}", goal.time, content)
            continue
        number, existing = near[0]
        matched.add(number)
        if existing != content:
            yield ProposedEntry(f"goal {number} {_encoded(content)}", goal.time, EntryCorrection(number, content))


def _sheet_goal(goal: SheetGoal, known: SourceIds) -> Goal | ShootOutKick | None:
    side = known.side_of(goal.team_id)
    if side is None:
        return None
    scorer, assist = known.players.get(goal.player_id), known.players.get(goal.assist_id or "")
    if goal.period == "shootout":
        return ShootOutKick(side, "scored", scorer[1] if scorer else None)
    manner: Literal["play", "penalty", "own"] = "own" if goal.is_own_goal else "penalty" if goal.is_penalty else "play"
    return Goal(side, scorer[1] if scorer else None, assist[1] if assist else None, manner)


def _sheet_other_entries(sheet: MatchSheet, known: SourceIds, happened: EffectiveEntries) -> Iterator[ProposedEntry]:
    cards = [
        (card.time, Booking(who[0], who[1], COLOURS[card.type]))
        for card in sheet.events.cards or ()
        if (who := known.players.get(card.player_id)) is not None
    ]
    official = [card for _, card in cards]
    wrong = {
        number: entry
        for number, entry in happened.items()
        if isinstance(entry.content, Booking) and entry.content not in official
    }
    for at, card in cards:
        if _number_of(card, happened) is not None:
            continue
        near = [
            (abs(entry.at - at), number)
            for number, entry in wrong.items()
            if entry.content.colour == card.colour and abs(entry.at - at) < SAME_BOOKING  # type: ignore[union-attr]  # cards
        ]
        if near:
            number = min(near)[1]
            del wrong[number]
            yield ProposedEntry(f"card {number} {_encoded(card)}", at, EntryCorrection(number, card))
        else:
            yield ProposedEntry(f"sheet {_encoded(card)}", at, card)
    for change in sheet.events.substitutions or ():
        off, on = known.players.get(change.out_player_id), known.players.get(change.in_player_id)
        if off is not None and on is not None:
            content = Substitution(off[0], off[1], on[1])
            if _number_of(content, happened) is None:
                yield ProposedEntry(f"sheet {_encoded(content)}", change.in_time, content)


def _encoded(content: Goal | ShootOutKick | Booking | Substitution) -> str:
    return msgspec.json.encode(content).decode()


def _goals(side: Side, happened: EffectiveEntries, at: datetime) -> list[tuple[int, Goal]]:
    """Return goals of a side that may be the one at that time, the nearest first."""
    found = [
        (abs(entry.at - at), number, entry.content)
        for number, entry in happened.items()
        if isinstance(entry.content, Goal) and entry.content.side is side and abs(entry.at - at) < SAME_GOAL
    ]
    return [(number, goal) for _, number, goal in sorted(found, key=lambda item: item[:2])]


def _kicks(
    kick: ShootOutKick, happened: EffectiveEntries, at: datetime, within: timedelta = SAME_GOAL
) -> list[tuple[int, ShootOutKick]]:
    """Return kicks that may be the given one, by the same or an unknown player, the nearest first."""
    found = [
        (abs(entry.at - at), number, entry.content)
        for number, entry in happened.items()
        if isinstance(entry.content, ShootOutKick)
        and entry.content.side is kick.side
        and (entry.content.player == kick.player or None in (entry.content.player, kick.player))
        and abs(entry.at - at) < within
    ]
    return [(number, kick) for _, number, kick in sorted(found, key=lambda item: item[:2])]


def _number_of(content: Booking | Substitution, happened: EffectiveEntries) -> int | None:
    return next((number for number, entry in happened.items() if entry.content == content), None)
