"""A match in the Common Data Format, as a provider of match data sends it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

MATCH = "m-1"
KICK_OFF = datetime(2026, 5, 9, 19, tzinfo=UTC)
HOME, AWAY = "t-home", "t-away"
LINES = {"content-type": "application/x-ndjson"}
DOCUMENT = {"content-type": "application/json"}


def at(minutes: float) -> str:
    return (KICK_OFF + timedelta(minutes=minutes)).isoformat()


def _team(team: str, letter: str, **named: Any) -> dict[str, Any]:
    players = [
        {"id": f"{letter}{number}", "team_id": team, "jersey_number": number, "is_starter": number < 12}
        for number in range(1, 15)
    ]
    return {"id": team, "players": players, **named}


def meta(*whistles: tuple[str, str, float], **match: Any) -> dict[str, Any]:
    """Meta data, with the whistles so far: period, start or end, minute."""
    blown = [{"type": period, "sub_type": what, "time": at(minutes)} for period, what, minutes in whistles]
    return {
        "competition": {"id": "c"},
        "season": {"id": "s"},
        "match": {"id": MATCH, "kickoff_time": at(0), "periods": [], "whistles": blown, **match},
        "teams": {
            "home": _team(HOME, "h", name="Étoile Rouge", jersey_colour="#AA0011"),
            "away": _team(AWAY, "a", name="Union"),
        },
        "venue": {"id": "v"},
        "meta": dict.fromkeys(("video", "event", "tracking", "landmarks", "ball", "meta", "cdf")),
    }


def line(name: str, minutes: float, type_: str, **said: Any) -> dict[str, Any]:
    """A line of event data; `by` is the id of the acting player."""
    by = said.pop("by", None)
    event: dict[str, Any] = {
        "id": name,
        "time": at(minutes),
        "period": "first_half",
        "type": type_,
        "sub_type": None,
        "is_successful": True,
        "outcome_type": "successful",
        "receiver_id": None,
        "receiver_time": None,
        "receiver_team_id": None,
        "x": 1.5,
        "y": 2,
        "x_end": 3.0,
        "y_end": 4.0,
        "body_part": "left_foot",
        "related_event_ids": None,
    }
    if type_ == "referee":
        event |= {"official_id": "r-1"}
    if by is not None:
        event |= {"player_id": by, "team_id": HOME if by.startswith("h") else AWAY}
    match = said.pop("match", MATCH)
    return {"match": {"id": match}, "meta": {"is_synced": False}, "event": event | said}


def start(minutes: float = 0, period: str = "first_half") -> dict[str, Any]:
    return line(f"start {period}", minutes, "referee", outcome_type="start", period=period)


def goal(name: str, minutes: float, by: str, **said: Any) -> dict[str, Any]:
    return line(name, minutes, "shot", by=by, **said)


def sheet(**events: Any) -> dict[str, Any]:
    """A match sheet; goals, cards and substitutions as given."""
    names = {"first_name": "N", "has_played": True}
    teams = {"home": _team(HOME, "h", short_name="ETR"), "away": _team(AWAY, "a")}
    for team in teams.values():
        for player in team["players"]:
            player.update(names | {"last_name": player["id"].upper(), "position_group": "DF"})
    none: dict[str, Any] = {"goals": None, "substitutions": None, "cards": None}
    final = {"home": 0, "away": 0}
    return {
        "match": {
            "id": MATCH,
            "status": {"is_neutral": False, "has_extratime": False, "has_shootout": False},
            "result": {"final": final | {"winning_team_id": None}, "first_half": final, "second_half": final},
        },
        "teams": teams,
        "officials": [],
        "events": none | events,
        "meta": {"vendor": "v"},
    }


def sheet_goal(minutes: float, by: str, team: str = HOME, assist: str | None = None, **flags: bool) -> dict[str, Any]:
    said = {"is_own_goal": False, "is_penalty": False} | flags
    score = {"home": 1, "away": 0}
    who = {"team_id": team, "player_id": by, "assist_id": assist}
    return {"time": at(minutes), "period": "first_half", **who, **said, "score": score}


def sheet_card(minutes: float, by: str, kind: str = "yellow_card") -> dict[str, Any]:
    team = HOME if by.startswith("h") else AWAY
    return {"team_id": team, "time": at(minutes), "period": "first_half", "player_id": by, "type": kind}


def sheet_change(minutes: float, off: str, on: str) -> dict[str, Any]:
    team = HOME if off.startswith("h") else AWAY
    players = {"in_player_id": on, "out_player_id": off}
    return {"team_id": team, "in_time": at(minutes), "out_time": at(minutes), "period": "first_half", **players}


def body(*documents: dict[str, Any] | str) -> bytes:
    """JSON Lines."""
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in documents).encode()
