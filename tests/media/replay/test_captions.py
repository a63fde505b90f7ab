"""Captions by the rules alone: texts of feed entries in both languages, at their times."""
# ruff: noqa: RUF001 - French is written with its own apostrophe, minutes with their prime

import re
from datetime import timedelta
from uuid import UUID

import pytest

from tests.media.live.test_rules import BEGUN, KICK_OFF, TEAMS, at, played, telling
from virage.media.live.rules.entries import (
    AddedTime,
    Announcement,
    Booking,
    Content,
    EntryCorrection,
    EntryWithdrawal,
    FeedEntry,
    Goal,
    GoalLine,
    KickOff,
    Period,
    PeriodOver,
    ReplayAvailable,
    Side,
    Substitution,
    VarReview,
)
from virage.media.replay.rules.captions import SHOWN_FOR, Cue, captions_playlist, cues_of, webvtt
from virage.media.replay.rules.entry_texts import entry_text
from virage.media.replay.rules.media import Kind, Segment, Track
from virage.media.replay.rules.playlists import Piece, runs_of
from virage.platform.values.ids import new_id

SECOND = timedelta(seconds=1)
TRACK = Track(new_id(), new_id(), "main", Kind.VIDEO, "avc1.64001f", 640, 360, KICK_OFF)


@pytest.mark.parametrize(
    ("content", "french", "english"),
    [
        (Goal(Side.HOME, 9), "But pour Ours, 9 Ours 9", "Goal for Ours, 9 Ours 9"),
        (Goal(Side.AWAY, None), "But pour Theirs", "Goal for Theirs"),
        (Goal(Side.HOME, 9, None, "penalty"), "Penalty marqué par Ours, 9 Ours 9", "Penalty scored by Ours, 9 Ours 9"),
        (
            Goal(Side.HOME, 4, None, "own"),
            "But contre son camp, pour Ours, 4 Theirs 4",
            "Own goal, for Ours, 4 Theirs 4",
        ),
        (Booking(Side.AWAY, 5, "red"), "Carton rouge, Theirs, 5 Theirs 5", "Red card, Theirs, 5 Theirs 5"),
        (
            Substitution(Side.HOME, 9, 14),
            "Ours\u00a0: entrée du 14 Ours 14, sortie du 9 Ours 9",
            "Ours: 14 Ours 14 on, 9 Ours 9 off",
        ),
        (AddedTime(1), "1 minute de temps additionnel", "1 minute added"),
        (AddedTime(4), "4 minutes de temps additionnel", "4 minutes added"),
        (VarReview("goal", "checking", 1), "L’assistance vidéo vérifie", "The video assistant checks"),
        (VarReview("goal", "stands", 1), "Vérifié\u00a0: la décision est maintenue", "Checked: the decision stands"),
        (
            VarReview("goal", "overturned", 1),
            "Vérifié\u00a0: la décision est annulée",
            "Checked: the decision is overturned",
        ),
        (
            GoalLine(Side.HOME, True),
            "Technologie sur la ligne de but\u00a0: le ballon est entré",
            "Goal-line technology: the ball was in",
        ),
        (
            GoalLine(Side.HOME, False),
            "Technologie sur la ligne de but\u00a0: le ballon n’est pas entré",
            "Goal-line technology: the ball was not in",
        ),
        (KickOff(Period.SECOND_HALF), "Seconde période\u00a0: coup d’envoi", "Second half begins"),
        (PeriodOver(Period.FIRST_HALF), "Première période\u00a0: terminé", "First half over"),
        (Announcement({"fr": "Bonsoir", "en": "Good evening"}), "Bonsoir", "Good evening"),
        (ReplayAvailable(UUID(int=1), 2), None, None),
    ],
)
def test_each_feed_entry_has_a_text_in_both_languages(
    content: Content, french: str | None, english: str | None
) -> None:
    entry = FeedEntry(1, KICK_OFF, content)
    assert (entry_text(entry, TEAMS, None, "fr"), entry_text(entry, TEAMS, None, "en")) == (french, english)


def test_entries_in_play_have_their_minute() -> None:
    def minute(seconds: int) -> str | None:
        return entry_text(FeedEntry(1, KICK_OFF, AddedTime(4), seconds), TEAMS, Period.FIRST_HALF, "en")

    assert minute(61) == "4 minutes added, 2′"
    assert minute(45 * 60 + 61) == "4 minutes added, 45+2′"


def test_captions_show_entries_of_the_clip_that_are_still_in_effect() -> None:
    entries = played(
        BEGUN,
        telling(Goal(Side.HOME, 9), 1),
        telling(Goal(Side.AWAY, 4), 1.1),
        telling(AddedTime(1), 1.2),
        telling(EntryCorrection(2, Goal(Side.HOME, 10)), 3),
        telling(EntryWithdrawal(3), 3),
        telling(AddedTime(2), 3),
    )
    cues = cues_of(entries, TEAMS, "en", at(1), at(1.2))
    assert cues == [Cue(at(1), "Goal for Ours, 10 Ours 10, 2′"), Cue(at(1.2), "1 minute added, 2′")]


def pieces(*seconds: float, length_s: float = 1) -> list[Piece]:
    return [
        Piece(Segment(new_id(), TRACK.id, KICK_OFF + second * SECOND, round(1000 * length_s), 9), TRACK)
        for second in seconds
    ]


def shown(cue: Cue, run: list[Piece]) -> list[int]:
    """Return the segments of a run that contain a cue, at the same time in all of them."""
    texts = [webvtt([cue], run, piece.segment.id, 8.0) for piece in run]
    assert {text.partition("\n\n")[0].strip() for text in texts} == {
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:720000,LOCAL:00:00:00.000"
    }
    assert len({text for text in texts if cue.text in text}) == 1
    return [number for number, text in enumerate(texts) if cue.text in text]


@pytest.mark.parametrize(
    ("said_s", "segments"),
    [(2, [2, 3, 4, 5, 6, 7]), (2.5, [2, 3, 4, 5, 6, 7, 8]), (-5.5, [0]), (9.5, [9])],
    ids=["at the start of a segment", "within a segment", "before the run", "near the end of the run"],
)
def test_a_cue_is_in_every_segment_of_its_six_seconds(said_s: float, segments: list[int]) -> None:
    assert SHOWN_FOR == 6 * SECOND
    assert shown(Cue(KICK_OFF + said_s * SECOND, "words"), pieces(*range(10))) == segments


def test_a_cue_has_its_time_within_the_run_and_escaped_text() -> None:
    run = pieces(0, length_s=4000)
    cues = [Cue(KICK_OFF - SECOND, "before"), Cue(KICK_OFF + timedelta(hours=1, seconds=62.5), "<b> & -->")]
    text = webvtt(cues, run, run[0].segment.id, 0)
    assert "00:00:00.000 --> 00:00:05.000\nbefore" in text
    assert "01:01:02.500 --> 01:01:08.500\n&lt;b&gt; &amp; --&gt;" in text


def test_captions_have_the_discontinuities_of_the_video() -> None:
    video = pieces(0, 1, 5)
    lines = captions_playlist(video, runs_of(video), "en", closed=True).splitlines()
    assert re.sub(r"[0-9a-f-]{36}", "ID", "\n".join(lines[5:])).splitlines() == [
        *["#EXTINF:1.000,", "captions/en/ID"] * 2,
        "#EXT-X-DISCONTINUITY",
        *["#EXTINF:1.000,", "captions/en/ID"],
        "#EXT-X-ENDLIST",
    ]
