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

from virage.media.live.rules.entries import (
    Card,
    Corrected,
    Entry,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    Review,
    ShootOutKick,
    Side,
    Substitution,
    Told,
    Withdrawn,
)
from virage.media.live.rules.feed import state_of
from virage.media.live.sources.rules.cdf import (
    PERIODS,
    Action,
    Known,
    MatchSheet,
    MetaData,
    SheetGoal,
    clock_s,
)
from virage.media.live.sources.rules.counting import Kind
from virage.media.live.sources.rules.whose import Who

SAME_GOAL: Final = timedelta(seconds=45)
"""Two goals of one side are further apart: the ball has to be brought back and kicked off. Closer ones are one goal."""

TAKEN_AGAIN: Final = timedelta(seconds=20)
"""A kick of the shoot-out that is taken again is at least so much later than the one that did not count."""

SAME_CARD: Final = timedelta(minutes=1)
"""A card that the match sheet gives to somebody else is the one that the feed has so near to it."""

COLOURS: Final[dict[str, Literal["yellow", "second_yellow", "red"]]] = {
    "yellow_card": "yellow",
    "second_yellow_card": "second_yellow",
    "red_card": "red",
}
MAY_END: Final = (Period.SECOND_HALF, Period.EXTRA_SECOND, Period.SHOOT_OUT)

Happened = Mapping[int, Entry]


class News(Struct, frozen=True):
    """Something to tell. Its `name` makes its id, so it is told once."""

    name: str
    at: datetime
    told: Told
    clock_s: int | None = None


def has_word(event: Action, who: Who | None) -> bool:
    """Whether the feed has a word for it."""
    if event.type == "referee" and event.outcome_type in ("start", "end"):
        return True
    if who is None:
        return False
    if event.type == "shot":
        return event.period == "shootout" or event.is_successful or event.outcome_type == "own_goal"
    return event.type == "referee" and event.outcome_type in COLOURS and who[1] is not None


def news_of_event(event: Action, who: Who | None, happened: Happened) -> list[News]:
    """What a line of event data tells as the feed stands; more may follow when that has been told."""
    if not has_word(event, who):
        return []
    period = PERIODS[event.period]
    if event.outcome_type in ("start", "end"):
        over = event.sub_type == "final_whistle" and period in MAY_END
        return _whistled(period, event.outcome_type, event.time, happened, match_over=over)
    if who is None:
        return []
    if event.type == "shot":
        return _kick(event, who, happened) if period is Period.SHOOT_OUT else _goal(event, who, happened)
    if who[1] is None:
        return []
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
        return [News(f"{period} end", at, PeriodOver(period, match_over or period is Period.SHOOT_OUT))]
    return []


def _goal(event: Action, who: Who, happened: Happened) -> list[News]:
    side, player = who
    own = event.outcome_type == "own_goal"
    gains = _other(side) if own else side
    penalty = event.sub_type in ("penalty", "penalty_kick")
    goal = Goal(gains, player, None, "own" if own else "penalty" if penalty else "play")
    near = [number for number, _ in _goals(gains, happened, event.time)]
    return _judged(event, goal, near[0] if near else None, "goal")


def _kick(event: Action, who: Who, happened: Happened) -> list[News]:
    """A kick of the shoot-out; one that has to be taken again did not happen."""
    if event.is_successful:
        outcome: Literal["scored", "saved", "missed"] = "scored"
    else:
        outcome = "saved" if event.outcome_type in ("saved", "blocked") else "missed"
    kick = ShootOutKick(who[0], outcome, who[1])
    void = event.var is not None and event.var.reviewed and not event.var.upheld
    near = _kicks(kick, happened, event.time, TAKEN_AGAIN if void else SAME_GOAL)
    if void:
        return [News(f"{event.id} withdrawn", event.time, Withdrawn(near[0][0]))] if near else []
    return [] if near else [News(event.id, event.time, kick)]


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
        known_as = (
            _goals(told.side, happened, goal.time) if isinstance(told, Goal) else _kicks(told, happened, goal.time)
        )
        near = [(number, one) for number, one in known_as if number not in taken]
        if not near:
            yield News(f"goal {goal.team_id} {goal.time.isoformat()}", goal.time, told)
            continue
        number, one = near[0]
        taken.add(number)
        if one != told:
            yield News(f"goal {number} {_spelt(told)}", goal.time, Corrected(number, told))


def _sheet_goal(goal: SheetGoal, known: Known) -> Goal | ShootOutKick | None:
    side = known.side_of(goal.team_id)
    if side is None:
        return None
    scorer, assist = known.players.get(goal.player_id), known.players.get(goal.assist_id or "")
    if goal.period == "shootout":
        return ShootOutKick(side, "scored", scorer[1] if scorer else None)
    manner: Literal["play", "penalty", "own"] = "own" if goal.is_own_goal else "penalty" if goal.is_penalty else "play"
    return Goal(side, scorer[1] if scorer else None, assist[1] if assist else None, manner)


def _sheet_rest(sheet: MatchSheet, known: Known, happened: Happened) -> Iterator[News]:
    cards = [
        (card.time, Card(who[0], who[1], COLOURS[card.type]))
        for card in sheet.events.cards or ()
        if (who := known.players.get(card.player_id)) is not None
    ]
    official = [card for _, card in cards]
    wrong = {
        number: entry
        for number, entry in happened.items()
        if isinstance(entry.told, Card) and entry.told not in official
    }
    for at, card in cards:
        if _number_of(card, happened) is not None:
            continue
        near = [
            (abs(entry.at - at), number)
            for number, entry in wrong.items()
            if entry.told.colour == card.colour and abs(entry.at - at) < SAME_CARD  # type: ignore[union-attr]  # cards
        ]
        if near:
            number = min(near)[1]
            del wrong[number]
            yield News(f"card {number} {_spelt(card)}", at, Corrected(number, card))
        else:
            yield News(f"sheet {_spelt(card)}", at, card)
    for change in sheet.events.substitutions or ():
        off, on = known.players.get(change.out_player_id), known.players.get(change.in_player_id)
        if off is not None and on is not None:
            told = Substitution(off[0], off[1], on[1])
            if _number_of(told, happened) is None:
                yield News(f"sheet {_spelt(told)}", change.in_time, told)


def _spelt(told: Goal | ShootOutKick | Card | Substitution) -> str:
    return msgspec.json.encode(told).decode()


def _goals(side: Side, happened: Happened, at: datetime) -> list[tuple[int, Goal]]:
    """Goals of a side that may be the one of that moment, the nearest first."""
    found = [
        (abs(entry.at - at), number, entry.told)
        for number, entry in happened.items()
        if isinstance(entry.told, Goal) and entry.told.side is side and abs(entry.at - at) < SAME_GOAL
    ]
    return [(number, goal) for _, number, goal in sorted(found, key=lambda one: one[:2])]


def _kicks(
    kick: ShootOutKick, happened: Happened, at: datetime, within: timedelta = SAME_GOAL
) -> list[tuple[int, ShootOutKick]]:
    """Kicks that may be this one, the nearest first: by the same player, as far as is known."""
    found = [
        (abs(entry.at - at), number, entry.told)
        for number, entry in happened.items()
        if isinstance(entry.told, ShootOutKick)
        and entry.told.side is kick.side
        and (entry.told.player == kick.player or None in (entry.told.player, kick.player))
        and abs(entry.at - at) < within
    ]
    return [(number, one) for _, number, one in sorted(found, key=lambda one: one[:2])]


def _number_of(told: Card | Substitution, happened: Happened) -> int | None:
    return next((number for number, entry in happened.items() if entry.told == told), None)


def _other(side: Side) -> Side:
    return Side.AWAY if side is Side.HOME else Side.HOME
