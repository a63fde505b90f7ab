"""Match files: real ones, and unreadable ones."""

import json
import sys
from pathlib import Path
from uuid import UUID

import pytest

from tests.samples import match_file
from virage.cli import matching
from virage.media.live.rules.entries import Goal, KickOff, Period, PeriodOver, ShootOutKick, Side, Team, Teams
from virage.media.live.sources.files import FileAction, FileFrame, Format, UnreadableFile, load
from virage.media.live.sources.rules.lineups import code_of, with_distinct_codes

EVENTS, LINEUPS = match_file("statsbomb_15986_event.json"), match_file("statsbomb_15986_lineup.json")
A_MINUTE = "hawkeye_2_46.football.samples"
HAWKEYE = [match_file(name) for name in (f"{A_MINUTE}.ball", f"{A_MINUTE}.centroids", "hawkeye_meta.json")]
SKILLCORNER = [match_file("skillcorner_v3_raw_data.jsonl"), match_file("skillcorner_meta_data.json")]


def test_events_of_a_real_match_come_in_their_order_between_their_whistles() -> None:
    match = load("statsbomb", [EVENTS, LINEUPS])
    moments = list(match.moments())
    assert [moment.order for moment in moments] == sorted(moment.order for moment in moments)
    assert len({moment.name for moment in moments}) == len(moments)
    whistles = [
        (place, moment) for place, moment in enumerate(moments) if isinstance(moment.what, KickOff | PeriodOver)
    ]
    assert [moment.what for _, moment in whistles] == [
        *(KickOff(Period.FIRST_HALF), PeriodOver(Period.FIRST_HALF)),
        *(KickOff(Period.SECOND_HALF), PeriodOver(Period.SECOND_HALF, match_over=True)),
    ]
    assert [place for place, _ in whistles] == [0, whistles[2][0] - 1, whistles[1][0] + 1, len(moments) - 1]
    goals = [moment for moment in moments if isinstance(moment.what, Goal)]
    assert [(goal.what.side, goal.what.player, goal.what.assist) for goal in goals] == [  # type: ignore[union-attr]  # all are goals
        *(("home", 10, 22), ("away", 7, 11), ("away", 7, None), ("home", 3, None)),
    ]
    for goal in goals:
        assert isinstance(moments[moments.index(goal) - 1].what, FileAction), "its shot counts before it is published"


def with_a_shoot_out(folder: Path) -> Path:
    """The real match's events, then kicks made of its own shots: no packaged match has a shoot-out."""
    events = json.loads(EVENTS.read_bytes())
    shot = next(one for one in events if one["type"]["name"] == "Shot" and one["team"]["name"] == "Barcelona")
    other = next(one for one in events if one["type"]["name"] == "Shot" and one["team"]["name"] == "Girona")
    outcomes = [(97, "Goal"), (100, "Saved"), (98, "Off T"), (97, "Goal"), (97, "Goal")]
    kicks = [
        shot_of
        | {
            "period": 5,
            "timestamp": f"00:0{place + 1}:00.000",
            "minute": 121 + place,
            "second": 0,
            "related_events": [],
        }
        | {"id": str(UUID(int=place)), "shot": shot_of["shot"] | {"outcome": {"id": id_, "name": name}}}
        for place, ((id_, name), shot_of) in enumerate(zip(outcomes, [shot, other, shot, other, shot], strict=True))
    ]
    begins, ends = ([one for one in events if one["type"]["name"] == f"Half {what}"][-1] for what in ("Start", "End"))
    whistles = [
        whistle | {"period": 5, "timestamp": f"00:{minute:02}:00.000", "id": str(UUID(int=100 + minute)), "minute": 120}
        for whistle, minute in ((begins, 0), (ends, 9))
    ]
    path = folder / "shoot_out.json"
    path.write_text(json.dumps([*events, whistles[0], *kicks, whistles[1]]))
    return path


def test_shoot_out_kicks_are_published_and_count_only_as_such(tmp_path: Path) -> None:
    moments = list(load("statsbomb", [with_a_shoot_out(tmp_path), LINEUPS]).moments())
    at_the_end = [moment.what for moment in moments if moment.period is Period.SHOOT_OUT]
    assert at_the_end[0] == KickOff(Period.SHOOT_OUT)
    assert at_the_end[-1] == PeriodOver(Period.SHOOT_OUT, match_over=True)
    kicks = [(one.side, one.outcome) for one in at_the_end[1:-1] if isinstance(one, ShootOutKick)]
    assert len(kicks) == len(at_the_end) - 2, "shoot-out kicks are neither shots nor goals"
    home, away = Side.HOME, Side.AWAY
    assert kicks == [(home, "scored"), (away, "saved"), (home, "missed"), (away, "scored"), (home, "scored")]
    assert len([moment for moment in moments if isinstance(moment.what, Goal)]) == 4


@pytest.mark.parametrize(
    ("format_", "paths", "begins", "frames_s"),
    [("hawkeye", HAWKEYE, Period.SECOND_HALF, 60), ("skillcorner", SKILLCORNER, Period.FIRST_HALF, 1)],
)
def test_tracking_is_ten_times_a_second_in_metres_from_the_centre_spot(
    format_: Format, paths: list[Path], begins: Period, frames_s: int
) -> None:
    match = load(format_, paths)
    shirts = {side: {player.number for player in match.teams.of(side).players} for side in Side}
    moments = list(match.moments())
    assert moments[0].what == KickOff(begins)
    assert isinstance(moments[-1].what, PeriodOver)
    frames = [moment.what for moment in moments if isinstance(moment.what, FileFrame)]
    assert len(frames) == pytest.approx(frames_s * 10, abs=5)
    assert [moment.order for moment in moments] == sorted(moment.order for moment in moments)
    for frame in frames:
        assert len({(side, shirt) for side, shirt, _, _ in frame.players}) == len(frame.players) <= 40
        for side, shirt, x, y in frame.players:
            assert shirt in shirts[side]
            assert (abs(x) < 60, abs(y) < 42) == (True, True)
    assert any(frame.ball for frame in frames)


@pytest.mark.parametrize(
    ("format_", "paths", "why"),
    [
        ("statsbomb", [EVENTS], "Two files are wanted: events, then line-ups"),
        ("statsbomb", [EVENTS, Path("gone.json")], "There is no file gone.json"),
        ("statsbomb", [LINEUPS, EVENTS], "kloppy cannot read that as statsbomb"),
        ("skillcorner", [EVENTS, LINEUPS], "kloppy cannot read that as skillcorner"),
        ("hawkeye", HAWKEYE[:1], "as many files .ball as .centroids"),
    ],
)
def test_unplayable_files_name_the_expected_ones(format_: Format, paths: list[Path], why: str) -> None:
    with pytest.raises(UnreadableFile, match=why):
        load(format_, paths)


def test_without_kloppy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kloppy", None)
    with pytest.raises(UnreadableFile, match=r"pip install 'virage\[match\]'"):
        load("statsbomb", [EVENTS, LINEUPS])


def test_the_command_names_missing_options(capsys: pytest.CaptureFixture[str]) -> None:
    event = UUID(int=1)
    for said, speed, expected in ((None, 1, "no answer"), (event, -1, "--speed"), (event, 1, "--key FILE")):
        with pytest.raises(SystemExit):
            matching.match([EVENTS, LINEUPS], "statsbomb", said, speed=speed, url="http://[::1]:1", key=None)
        assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (("Étoile", "Union"), ("ETO", "UNI")),
        (("Team A", "Team B"), ("TA", "TB")),
        (("Real Union", "Real Unity"), ("HOM", "AWA")),
        (("Eintracht", "Eintracht"), ("HOM", "AWA")),
        (("1", "2"), ("HOM", "AWA")),
    ],
)
def test_two_teams_have_different_codes(names: tuple[str, str], codes: tuple[str, str]) -> None:
    home, away = (Team(name, code_of(name, side), "#000000") for name, side in zip(names, Side, strict=True))
    found = with_distinct_codes(Teams(home, away))
    assert (found.home.code, found.away.code) == codes
