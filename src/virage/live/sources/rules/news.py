"""What a document of CDF is in the words of the feed, if the feed does not say so already.

Everything is compared with what the feed adds up to, not with what was sent before. So a line may be sent again, a goal
may come from event data, the match sheet and the desk, and is told once; the match sheet, which is official, puts right
who scored.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from msgspec import Struct

from virage.live.rules.entries import (
    Card,
    Corrected,
    Entry,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    Review,
    Side,
    Substitution,
    Told,
    Withdrawn,
)
from virage.live.rules.feed import state_of
from virage.live.sources.rules.cdf import (
    PERIODS,
    Action,
    Known,
    MatchSheet,
    MetaData,
    SheetGoal,
    clock_s,
)
from virage.live.sources.rules.counting import Kind

SAME_GOAL: Final = timedelta(seconds=45)
"""Two goals of one side are further apart: the ball has to be brought back and kicked off. Closer ones are one goal."""

COLOURS: Final[dict[str, Literal["yellow", "second_yellow", "red"]]] = {
    "yellow_card": "yellow",
    "second_yellow_card": "second_yellow",
    "red_card": "red",
}
MAY_END: Final = (Period.SECOND_HALF, Period.EXTRA_SECOND, Period.SHOOT_OUT)

Who = tuple[Side, int | None]
Happened = Mapping[int, Entry]


class News(Struct, frozen=True):
    """Something to tell. Its `name` makes its id, so it is told once."""

    name: str
    at: datetime
    told: Told
    clock_s: int | None = None


def whose(event: Action, known: Known, related: Mapping[str, Who]) -> Who | None:
    """Who did it. The referee's own lines name nobody: then it is the one player of the related lines, if it is one."""
    if event.player_id in known.players:
        return known.players[event.player_id or ""]
    side = known.side_of(event.team_id)
    if side is not None:
        return side, None
    found = {related[name] for name in event.related_event_ids or () if name in related}
    return found.pop() if len(found) == 1 else None


def has_word(event: Action, who: Who | None) -> bool:
    """Whether the feed has a word for it. Kicks of a shoot-out are no goals of the match."""
    if event.type == "referee" and event.outcome_type in ("start", "end"):
        return True
    if who is None or event.period == "shootout":
        return False
    if event.type == "shot":
        return event.is_successful or event.outcome_type == "own_goal"
    return event.type == "referee" and event.outcome_type in COLOURS and who[1] is not None


def news_of_event(event: Action, who: Who | None, happened: Happened) -> list[News]:
    """What a line of event data tells as the feed stands; more may follow when that has been told."""
    if not has_word(event, who):
        return []
    period = PERIODS[event.period]
    if event.outcome_type in ("start", "end"):
        over = event.sub_type == "final_whistle" and period in MAY_END
        return _whistled(period, event.outcome_type, event.time, happened, match_over=over)
    if who is None or who[1] is None or event.type == "shot":
        return [] if who is None else _goal(event, who, happened)
    card = Card(who[0], who[1], COLOURS[event.outcome_type])
    matter: Literal["goal", "red_card"] | None = None if card.colour == "yellow" else "red_card"
    return _judged(event, card, _number_of(card, happened), matter)


def news_of_meta(meta: MetaData, happened: Happened) -> list[News]:
    """The periods that a whistle has begun or ended."""
    for whistle in sorted(meta.match.whistles, key=lambda one: one.time):
        if whistle.type in PERIODS and whistle.sub_type in ("start", "end"):
            found = _whistled(PERIODS[whistle.type], whistle.sub_type, whistle.time, happened)
            if found:
                return found
    return []


def news_of_sheet(sheet: MatchSheet, known: Known, happened: Happened) -> list[News]:
    """What the match sheet knows and the feed does not."""
    return sorted(
        [*_sheet_goals(sheet, known, happened), *_sheet_rest(sheet, known, happened)], key=lambda news: news.at
    )


def kinds_of(event: Action) -> list[Kind]:
    """As what a line of event data counts."""
    if event.period == "shootout":
        return []
    match event.type:
        case "shot" if event.outcome_type != "own_goal":
            at_goal = event.is_successful or event.outcome_type in ("successful", "saved")
            return [Kind.SHOT, *([Kind.ON_TARGET] if at_goal else [])]
        case "pass":
            corner = [Kind.CORNER] if event.sub_type == "corner_kick" else []
            offside = [Kind.OFFSIDE] if event.outcome_type == "offside" else []
            return [Kind.PASS, *([Kind.COMPLETED] if event.is_successful else []), *corner, *offside]
        case "referee" if event.sub_type == "foul":
            return [Kind.FOUL]
        case "referee" if "offside" in (event.sub_type, event.outcome_type):
            return [Kind.OFFSIDE]
        case _:
            return []


def _whistled(period: Period, what: str, at: datetime, happened: Happened, *, match_over: bool = False) -> list[News]:
    now = state_of(happened.values())
    running = None if now.clock is None else now.clock.period
    if what == "start" and period is not running and period not in now.over:
        return [News(f"{period} start", at, KickOff(period))]
    if what == "end" and period is running:
        return [News(f"{period} end", at, PeriodOver(period, match_over))]
    return []


def _goal(event: Action, who: Who, happened: Happened) -> list[News]:
    side, player = who
    own = event.outcome_type == "own_goal"
    gains = _other(side) if own else side
    penalty = event.sub_type in ("penalty", "penalty_kick")
    goal = Goal(gains, player, None, "own" if own else "penalty" if penalty else "play")
    near = [number for number, _ in _goals(gains, happened, event.time)]
    return _judged(event, goal, near[0] if near else None, "goal")


def _judged(
    event: Action,
    told: Goal | Card,
    about: int | None,
    matter: Literal["goal", "red_card"] | None,
) -> list[News]:
    """Something on the field, and what the video assistant made of it."""
    at_s = clock_s(event.match_clock)
    reviewed = matter is not None and event.var is not None and event.var.reviewed
    if not reviewed or matter is None or event.var is None:
        return [] if about is not None else [News(event.id, event.time, told, at_s)]
    if event.var.upheld:
        if about is None:
            return [News(event.id, event.time, told, at_s)]
        return [News(f"{event.id} var", event.time, Review(matter, "stands", about), at_s)]
    if about is None:
        return [News(f"{event.id} var", event.time, Review(matter, "overturned"), at_s)]
    return [
        News(f"{event.id} var", event.time, Review(matter, "overturned", about), at_s),
        News(f"{event.id} withdrawn", event.time, Withdrawn(about)),
    ]


def _sheet_goals(sheet: MatchSheet, known: Known, happened: Happened) -> Iterator[News]:
    taken: set[int] = set()
    for goal in sorted(sheet.events.goals or (), key=lambda one: one.time):
        told = _sheet_goal(goal, known)
        if told is None:
            continue
        near = [(number, one) for number, one in _goals(told.side, happened, goal.time) if number not in taken]
        if not near:
            yield News(f"goal {goal.team_id} {goal.time.isoformat()}", goal.time, told)
            continue
        number, one = near[0]
        taken.add(number)
        if one != told:
            yield News(f"goal {number} {told.player} {told.assist} {told.manner}", goal.time, Corrected(number, told))


def _sheet_goal(goal: SheetGoal, known: Known) -> Goal | None:
    side = known.side_of(goal.team_id)
    if side is None or goal.period == "shootout":
        return None
    scorer, assist = known.players.get(goal.player_id), known.players.get(goal.assist_id or "")
    manner: Literal["play", "penalty", "own"] = "own" if goal.is_own_goal else "penalty" if goal.is_penalty else "play"
    return Goal(side, scorer[1] if scorer else None, assist[1] if assist else None, manner)


def _sheet_rest(sheet: MatchSheet, known: Known, happened: Happened) -> Iterator[News]:
    found: list[tuple[datetime, Card | Substitution]] = [
        (card.time, Card(who[0], who[1], COLOURS[card.type]))
        for card in sheet.events.cards or ()
        if (who := known.players.get(card.player_id)) is not None
    ]
    for change in sheet.events.substitutions or ():
        off, on = known.players.get(change.out_player_id), known.players.get(change.in_player_id)
        if off is not None and on is not None:
            found.append((change.in_time, Substitution(off[0], off[1], on[1])))
    for at, told in found:
        if _number_of(told, happened) is None:
            yield News(f"sheet {msgspec.json.encode(told).decode()}", at, told)


def _goals(side: Side, happened: Happened, at: datetime) -> list[tuple[int, Goal]]:
    """Goals of a side that may be the one of that moment, the nearest first."""
    found = [
        (abs(entry.at - at), number, entry.told)
        for number, entry in happened.items()
        if isinstance(entry.told, Goal) and entry.told.side is side and abs(entry.at - at) < SAME_GOAL
    ]
    return [(number, goal) for _, number, goal in sorted(found, key=lambda one: one[:2])]


def _number_of(told: Card | Substitution, happened: Happened) -> int | None:
    return next((number for number, entry in happened.items() if entry.told == told), None)


def _other(side: Side) -> Side:
    return Side.AWAY if side is Side.HOME else Side.HOME
