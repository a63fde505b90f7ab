"""Match data in the Common Data Format over the whole application: into the feed and the
statistics, each once.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.media.live.conftest import GOAL, KICK_OFF, Match
from tests.media.live.sources import cdf
from virage.platform.values.ids import new_id


class Provider:
    """An API client that sends match data."""

    def __init__(self, match: Match, key: dict[str, str]) -> None:
        self.match = match
        self.key = key

    async def send(self, *documents: dict[str, Any] | str, headers: dict[str, str] = cdf.LINES) -> dict[str, Any]:
        answer = await self.match.world.ask(self.key | headers, "POST", f"{self.match.path}/cdf", cdf.body(*documents))
        assert answer.status_code == 200, answer.text
        taken: dict[str, Any] = answer.json()
        return taken

    async def entries(self) -> list[dict[str, Any]]:
        page = await self.match.get("/pages/1")
        entries: list[dict[str, Any]] = page["entries"]
        return entries

    async def contents(self) -> list[dict[str, Any]]:
        return [entry["content"] for entry in await self.entries()]

    async def kinds(self) -> list[str]:
        return [content["kind"] for content in await self.contents()]

    async def score(self) -> Sequence[int]:
        score = (await self.match.get())["state"]
        return score["home"], score["away"]


@pytest.fixture
async def provider(match: Match) -> Provider:
    return Provider(match, await match.world.api_client("match_desk"))


async def test_meta_data_set_the_line_ups_and_whistles_begin_and_end_periods(provider: Provider) -> None:
    whistles = [("first_half", "start", 0), ("first_half", "end", 47), ("second_half", "start", 62)]
    taken = await provider.send(cdf.meta(*whistles), headers=cdf.DOCUMENT)
    assert (taken["teams"], taken["published"], taken["defects"]) == (True, 3, [])
    live = await provider.match.get()
    assert (live["teams"]["home"]["name"], live["teams"]["home"]["colour"]) == ("Étoile Rouge", "#aa0011")
    assert (live["teams"]["home"]["code"], live["teams"]["away"]["code"]) == ("ETO", "UNI")
    assert [player["starts"] for player in live["teams"]["away"]["players"]] == [True] * 11 + [False] * 3
    assert live["state"]["clock"] == {"period": "second_half", "since": "2026-05-09T20:02:00Z", "at_s": 2700}
    assert await provider.kinds() == ["kick_off", "period_over", "kick_off"]


async def test_event_data_publish_goals_own_goals_penalties_and_cards(provider: Provider) -> None:
    await provider.send(
        cdf.meta(),
        cdf.start(),
        cdf.goal("g1", 12, "h9", match_clock="12:03.50"),
        cdf.goal("g2", 20, "a4", sub_type="penalty_kick"),
        cdf.goal("g3", 30, "a5", outcome_type="own_goal", is_successful=False),
        cdf.line("tackle", 33, "misc", by="a6"),
        cdf.line("card", 33.5, "referee", outcome_type="yellow_card", related_event_ids=["tackle"]),
        cdf.line("end", 46, "referee", outcome_type="end"),
    )
    _, first, second, third, card, over = await provider.entries()
    assert first["content"] == {"kind": "goal", "side": "home", "player": 9}
    assert (first["clock_s"], first["at"]) == (723, "2026-05-09T19:12:00Z")
    assert (second["content"]["side"], second["content"]["manner"], second["clock_s"]) == ("away", "penalty", 1203)
    assert (third["content"]["side"], third["content"]["player"], third["content"]["manner"]) == ("home", 5, "own")
    assert card["content"] == {"kind": "card", "side": "away", "player": 6, "colour": "yellow"}
    assert over["content"]["match_over"] is False
    assert await provider.score() == (2, 1)


async def test_repeated_lines_publish_and_count_nothing(provider: Provider) -> None:
    lines = [
        cdf.meta(("first_half", "start", 0)),
        cdf.start(0.01),
        cdf.line("p", 1, "pass", by="h4"),
        cdf.goal("g", 2, "h9"),
        cdf.sheet(goals=[cdf.sheet_goal(2.1, "h9")], cards=[cdf.sheet_card(3, "a4")]),
    ]
    first = await provider.send(*lines)
    assert (first["published"], first["counted"]) == (3, 2)
    before, figures = await provider.entries(), await provider.match.get("/stats")
    again = await provider.send(*lines)
    assert (again["published"], again["ignored"], again["defects"]) == (0, {}, [])
    assert await provider.entries() == before
    assert await provider.match.get("/stats") == figures


async def test_an_invalid_line_is_reported_by_its_number_and_the_others_count(provider: Provider) -> None:
    taken = await provider.send(
        cdf.goal("early", 1, "h9"),
        cdf.meta(),
        "{no json",
        cdf.line("p", 1, "pass", by="h4", period="third_half"),
        cdf.line("other", 1, "pass", by="h4", match="m-2"),
        cdf.line("unknown", 1, "pass", player_id="x", team_id="y"),
        cdf.start(),
        cdf.goal("g", 2, "h9"),
        '{"event": {"deep": ' + "[" * 100_000,
    )
    assert [(one["line"], one["reason"]) for one in taken["defects"]] == [
        (1, "meta_missing"),
        (3, "not_cdf"),
        (4, "invalid_line"),
        (5, "other_match"),
        (6, "team_unknown"),
        (9, "not_cdf"),
    ]
    assert "period" in taken["defects"][2]["message"]
    assert (taken["published"], taken["counted"]) == (2, 1)
    assert await provider.score() == (1, 0)


async def test_events_unknown_to_the_feed_are_skipped_and_listed(provider: Provider) -> None:
    tracking = {"frame_id": 1, "timestamp": cdf.at(0)}
    taken = await provider.send(
        cdf.meta(),
        cdf.line("d", 1, "duel", by="h4"),
        cdf.line("e", 1, "duel", by="a4"),
        cdf.line("c", 2, "referee", sub_type="caution", outcome_type="yellow_card"),
        tracking,
    )
    assert taken["ignored"] == {"duel": 2, "referee/caution": 1, "tracking": 1}
    assert (taken["published"], taken["counted"], taken["defects"]) == (0, 0, [])


async def test_a_goal_disallowed_by_var_is_withdrawn_and_stays_withdrawn(provider: Provider) -> None:
    checked = {"reviewed": True, "upheld": False}
    await provider.send(cdf.meta(), cdf.start(), cdf.goal("g", 2, "h9"))
    for _ in range(2):
        await provider.send(cdf.goal("g", 2, "h9", var=checked))
    assert await provider.kinds() == ["kick_off", "goal", "var", "withdrawn"]
    assert (await provider.contents())[2] == {"kind": "var", "matter": "goal", "phase": "overturned", "about": 2}
    await provider.send(cdf.goal("g", 2, "h9"))
    assert await provider.score() == (0, 0)


async def test_a_goal_confirmed_by_a_review_is_published_once(provider: Provider) -> None:
    for _ in range(2):
        await provider.send(cdf.meta(), cdf.start(), cdf.goal("g", 2, "h9", var={"reviewed": True, "upheld": True}))
    assert await provider.kinds() == ["kick_off", "goal", "var"]
    assert (await provider.contents())[2]["phase"] == "stands"


async def test_the_match_sheet_adds_missing_entries_and_corrects_the_scorer(provider: Provider) -> None:
    await provider.send(cdf.meta(), cdf.start(), cdf.goal("g", 2, "h9"))
    sheet = cdf.sheet(
        goals=[
            cdf.sheet_goal(2.2, "h10", assist="h7", is_penalty=True),
            cdf.sheet_goal(9, "h3", cdf.AWAY, is_own_goal=True),
        ],
        cards=[cdf.sheet_card(5, "a4", "red_card")],
        substitutions=[cdf.sheet_change(7, "a5", "a12")],
    )
    taken = await provider.send(sheet, headers=cdf.DOCUMENT)
    assert taken["defects"] == []
    assert await provider.kinds() == ["kick_off", "goal", "corrected", "card", "substitution", "goal"]
    contents = await provider.contents()
    corrected = {"kind": "goal", "side": "home", "player": 10, "assist": 7, "manner": "penalty"}
    assert (contents[2]["about"], contents[2]["content"]) == (2, corrected)
    assert contents[4] == {"kind": "substitution", "side": "away", "off": 5, "on": 12}
    assert (contents[5]["side"], contents[5]["player"], contents[5]["manner"]) == ("away", 3, "own")
    assert (await provider.match.get())["teams"]["home"]["players"][2] == {
        "number": 3,
        "name": "N H3",
        "position": "defender",
        "starts": True,
    }
    assert (await provider.match.get())["teams"]["home"]["name"] == "Étoile Rouge", "the sheet has a short name only"


async def test_a_goal_published_by_the_desk_is_not_published_again(provider: Provider) -> None:
    await provider.send(cdf.meta())
    telling = {"at": cdf.at(0), "clock_s": None}
    await provider.match.send([{"id": str(new_id()), "content": KICK_OFF} | telling])
    await provider.match.send([{"id": str(new_id()), "content": GOAL} | telling | {"at": cdf.at(12.3)}])
    taken = await provider.send(cdf.start(), cdf.goal("g", 12, "h9"))
    assert (taken["published"], taken["counted"]) == (0, 1)
    assert await provider.score() == (1, 0)


SHOOT_OUT = [cdf.start(120, "shootout"), cdf.goal("k1", 121, "h9", period="shootout")]


def kick(name: str, minutes: float, by: str, outcome: str, **said: Any) -> dict[str, Any]:
    return cdf.goal(name, minutes, by, period="shootout", outcome_type=outcome, is_successful=False, **said)


async def test_shoot_out_kicks_have_their_score_and_are_neither_goals_nor_shots(
    provider: Provider,
) -> None:
    over = cdf.line("end", 130, "referee", outcome_type="end", period="shootout")
    kicks = [
        kick("k2", 122, "a4", "saved"),
        kick("k3", 123, "h7", "woodwork"),
        cdf.goal("k4", 124, "a5", period="shootout", match_clock="124:00.00"),
    ]
    taken = await provider.send(cdf.meta(), *SHOOT_OUT, *kicks, over)
    assert (taken["published"], taken["counted"], taken["ignored"], taken["defects"]) == (6, 0, {}, [])
    contents = [one for one in await provider.contents() if one["kind"] == "shoot_out_kick"]
    assert [(one["side"], one["player"], one["outcome"]) for one in contents] == [
        *(("home", 9, "scored"), ("away", 4, "saved"), ("home", 7, "missed"), ("away", 5, "scored")),
    ]
    state = (await provider.match.get())["state"]
    assert (state["home"], state["away"], state["penalties"]) == (0, 0, {"home": 1, "away": 1})
    assert state["match_over"], "the match is over after a shoot-out"


async def test_a_kick_of_the_desk_is_not_published_again_and_a_retaken_one_replaces_it(
    provider: Provider,
) -> None:
    await provider.send(cdf.meta(), SHOOT_OUT[0])
    by_desk = {"kind": "shoot_out_kick", "side": "home", "outcome": "scored", "player": None}
    await provider.match.send([provider.match.telling(by_desk, at=cdf.at(121.2), clock_s=None)])
    checked = {"reviewed": True, "upheld": False}
    taken = await provider.send(SHOOT_OUT[1], kick("k2", 122, "a4", "saved"))
    assert taken["published"] == 1
    for _ in range(2):
        await provider.send(kick("k2", 122, "a4", "saved", var=checked))
    await provider.send(cdf.goal("k2 again", 122.5, "a4", period="shootout"))
    assert await provider.kinds() == ["kick_off", *["shoot_out_kick"] * 2, "withdrawn", "shoot_out_kick"]
    assert (await provider.match.get())["state"]["penalties"] == {"home": 1, "away": 1}


async def test_withdrawing_a_kick_that_did_not_count_keeps_its_retake(provider: Provider) -> None:
    did_not_count = kick("k2", 122, "a4", "saved", var={"reviewed": True, "upheld": False})
    for _ in range(2):
        await provider.send(
            cdf.meta(), SHOOT_OUT[0], did_not_count, cdf.goal("k2 again", 122.5, "a4", period="shootout")
        )
    assert await provider.kinds() == ["kick_off", "shoot_out_kick"]
    assert (await provider.match.get())["state"]["penalties"] == {"home": 0, "away": 1}


async def test_the_match_sheet_adds_kickers_and_missing_shoot_out_goals(provider: Provider) -> None:
    await provider.send(
        cdf.meta(), SHOOT_OUT[0], cdf.line("end", 130, "referee", outcome_type="end", period="shootout")
    )
    by_desk = {"kind": "shoot_out_kick", "side": "home", "outcome": "scored", "player": None}
    await provider.match.send([provider.match.telling(by_desk, at=cdf.at(121.2), clock_s=None)])
    goals = [cdf.sheet_goal(121, "h9"), cdf.sheet_goal(122, "a4", cdf.AWAY)]
    for _ in range(2):
        await provider.send(cdf.sheet(goals=[goal | {"period": "shootout"} for goal in goals]))
    assert (await provider.kinds())[2:] == ["shoot_out_kick", "corrected", "shoot_out_kick"]
    assert (await provider.match.get())["state"]["penalties"] == {"home": 1, "away": 1}


CARD = {"outcome_type": "yellow_card", "sub_type": "caution"}


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_booking_belongs_to_the_player_who_fouled(provider: Provider, at_once: bool) -> None:
    lines = [
        cdf.start(),
        cdf.line("dribble", 33, "duel", by="h9"),
        cdf.line("tackle", 33, "duel", by="a6", is_successful=False, outcome_type="unsuccessful"),
        cdf.line("foul", 33.1, "referee", sub_type="foul", related_event_ids=["dribble", "tackle"]),
        cdf.line("card", 33.5, "referee", **CARD, related_event_ids=["foul", "dribble"]),
        cdf.line("push", 40, "misc", by="h4", sub_type="foul", is_successful=False),
        cdf.line("fall", 40, "duel", by="a7", is_successful=False),
        cdf.line("other", 40.5, "referee", **CARD, related_event_ids=["fall", "push"]),
    ]
    await provider.send(cdf.meta())
    for some in [lines] if at_once else [[line] for line in lines]:
        assert (await provider.send(*some))["defects"] == []
    cards = [(one["side"], one["player"]) for one in await provider.contents() if one["kind"] == "card"]
    assert cards == [("away", 6), ("home", 4)]
    assert (await provider.match.get("/stats"))["teams"]["fouls"] == [0, 1]


async def test_a_booking_without_a_named_player_is_named_by_the_match_sheet(
    provider: Provider,
) -> None:
    await provider.send(
        cdf.meta(),
        cdf.start(),
        cdf.line("one", 33, "duel", by="a6", is_successful=False),
        cdf.line("two", 33, "duel", by="a7", is_successful=False),
        cdf.line("foul", 33.1, "referee", sub_type="foul", related_event_ids=["one", "two"]),
        cdf.line("card", 33.5, "referee", **CARD, related_event_ids=["one", "two"]),
    )
    assert await provider.kinds() == ["kick_off"]
    assert (await provider.match.get("/stats"))["teams"]["fouls"] == [0, 1], (
        "the foul counts for the side of the player"
    )
    await provider.send(cdf.sheet(cards=[cdf.sheet_card(33.5, "a7")]))
    assert (await provider.contents())[1]["player"] == 7


async def test_the_match_sheet_corrects_the_booked_player(provider: Provider) -> None:
    await provider.send(cdf.meta(), cdf.start(), cdf.line("push", 33, "misc", by="h4"))
    await provider.send(cdf.line("card", 33.5, "referee", **CARD, related_event_ids=["push"]))
    for _ in range(2):
        await provider.send(cdf.sheet(cards=[cdf.sheet_card(33.6, "a6"), cdf.sheet_card(34, "h5")]))
    contents = await provider.contents()
    assert [one["kind"] for one in contents] == ["kick_off", "card", "corrected", "card"]
    assert (contents[2]["about"], contents[2]["content"]["side"], contents[2]["content"]["player"]) == (2, "away", 6)
    assert (contents[3]["side"], contents[3]["player"]) == ("home", 5)


async def test_statistics_match_the_frames_sent(provider: Provider) -> None:
    passes = [cdf.line(f"p{n}", 1, "pass", by="h4", is_successful=n < 2) for n in range(3)]
    await provider.send(
        cdf.meta(),
        cdf.start(),
        *passes,
        cdf.line("corner", 2, "pass", by="a7", sub_type="corner_kick", outcome_type="offside", is_successful=False),
        cdf.goal("wide", 2, "h9", outcome_type="wide", is_successful=False),
        cdf.goal("saved", 2.1, "h9", outcome_type="saved", is_successful=False),
        cdf.line("push", 3, "misc", by="a6"),
        cdf.line("foul", 3, "referee", sub_type="foul", related_event_ids=["push"]),
        cdf.goal("in", 4, "a9"),
    )
    figures = await provider.match.get("/stats")
    assert figures["teams"] == {
        "shots": [2, 1],
        "on_target": [1, 1],
        "passes": [3, 1],
        "completed": [2, 0],
        "corners": [0, 1],
        "fouls": [0, 1],
        "offsides": [0, 1],
        "possession": [75, 25],
    }
    nine = {"side": "home", "number": 9, "shots": 2, "on_target": 1, "passes": 0, "completed": 0, "fouls": 0}
    assert figures["players"][1] == nine
    assert [(one["side"], one["number"]) for one in figures["players"]] == [
        *(("home", 4), ("home", 9)),
        *(("away", 6), ("away", 7), ("away", 9)),
    ]


async def test_a_name_with_a_text_direction_override_is_not_shown(provider: Provider) -> None:
    document = cdf.meta()
    document["teams"]["home"]["name"] = "\u202eegnuoR elliotÉ"
    taken = await provider.send(document)
    assert (taken["teams"], [one["reason"] for one in taken["defects"]]) == (False, ["invalid_line"])


async def test_an_indented_document_is_read_and_too_many_lines_are_refused(provider: Provider) -> None:
    path = f"{provider.match.path}/cdf"
    pretty = json.dumps(cdf.meta(), indent=2).encode()
    answer = await provider.match.world.ask(provider.key | cdf.DOCUMENT, "POST", path, pretty)
    assert answer.json()["teams"] is True
    answer = await provider.match.world.ask(provider.key | cdf.LINES, "POST", path, b"{}\n" * 10_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("shirts", [[0], [100], [7, 7]])
async def test_invalid_line_ups_change_nothing(provider: Provider, shirts: list[int]) -> None:
    meta = cdf.meta()
    for player, number in zip(meta["teams"]["home"]["players"], shirts, strict=False):
        player["jersey_number"] = number
    taken = await provider.send(meta)
    assert [one["reason"] for one in taken["defects"]] == ["invalid_line"]
    assert (await provider.match.get())["teams"]["home"]["name"] == "Ours"


async def test_an_invalid_match_clock_drops_only_its_line(provider: Provider) -> None:
    taken = await provider.send(
        cdf.meta(), cdf.start(), cdf.goal("g1", 12, "h9", match_clock="700:00"), cdf.goal("g2", 20, "a4")
    )
    assert [(one["line"], one["reason"]) for one in taken["defects"]] == [(3, "invalid_line")]
    assert await provider.score() == (0, 1)


async def test_a_team_with_a_blank_name_gets_a_default_name(provider: Provider) -> None:
    meta = cdf.meta()
    meta["teams"]["home"] |= {"name": " ", "id": "\x01"}
    assert (await provider.send(meta))["teams"]
    assert (await provider.match.get())["teams"]["home"]["name"] == "Ours"
