"""The state that the match feed adds up to, by its rules alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from virage.media.live.rules.entries import (
    AddedTime,
    Booking,
    Content,
    EntryCorrection,
    EntryRequest,
    EntryWithdrawal,
    FeedEntry,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    Player,
    RefereeSignal,
    ShootOutKick,
    Side,
    Substitution,
    Team,
    Teams,
    VarReview,
)
from virage.media.live.rules.feed import (
    MatchClock,
    MatchState,
    Reason,
    ShootOutScore,
    accept_entries,
    effective,
    minute,
    refuse_teams,
    state_of,
)
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

KICK_OFF = datetime(2026, 5, 9, 19, tzinfo=UTC)
TEAMS = Teams(
    Team("Ours", "OUR", "#112233", [Player(number, f"Ours {number}", starts=number < 12) for number in range(1, 21)]),
    Team("Theirs", "THE", "#332211", [Player(number, f"Theirs {number}", starts=True) for number in range(1, 12)]),
)


def at(minutes: float) -> datetime:
    return KICK_OFF + timedelta(minutes=minutes)


def telling(content: Content, minutes: float = 0) -> EntryRequest:
    return EntryRequest(new_id(), at(minutes), content)


def played(*tellings: EntryRequest, teams: Teams | None = TEAMS) -> list[FeedEntry]:
    """A feed in which nothing was refused."""
    entries = accept_entries(tellings, [], teams)
    assert all(isinstance(entry, FeedEntry) for entry in entries), entries
    return [entry for entry in entries if isinstance(entry, FeedEntry)]


def refused(known: Sequence[FeedEntry], content: Content, minutes: float = 50) -> str | None:
    (outcome,) = accept_entries([telling(content, minutes)], known, TEAMS)
    return outcome.reason if isinstance(outcome, Refused) else None


BEGUN = telling(KickOff(Period.FIRST_HALF))


def test_entries_are_numbered_without_a_gap_and_a_refusal_takes_no_number() -> None:
    wishes = [BEGUN, telling(Goal(Side.HOME, 99), 5), telling(Goal(Side.HOME, 9), 6)]
    first, refusal, goal = accept_entries(wishes, [], TEAMS)
    assert isinstance(first, FeedEntry)
    assert isinstance(goal, FeedEntry)
    assert (first.number, goal.number) == (1, 2)
    assert refusal == Refused(Reason.PLAYER_UNKNOWN, {"side": Side.HOME, "player": 99})


def test_a_goal_and_an_own_goal_count_for_the_side_of_the_entry() -> None:
    feed = played(BEGUN, telling(Goal(Side.HOME, 9), 5), telling(Goal(Side.HOME, 5, manner="own"), 9))
    assert state_of(effective(feed).values()) == MatchState(2, 0, MatchClock(Period.FIRST_HALF, KICK_OFF, 0))


def test_an_own_goal_names_a_player_of_the_other_side() -> None:
    assert refused(played(BEGUN), Goal(Side.HOME, 20, manner="own")) == Reason.PLAYER_UNKNOWN
    assert refused(played(BEGUN), Goal(Side.AWAY, 20, manner="own")) is None


def test_the_clock_of_the_match_runs_from_the_kick_off_and_each_entry_carries_it() -> None:
    feed = played(BEGUN, telling(Goal(Side.AWAY), 26.5))
    assert feed[1].clock_s == 26 * 60 + 30
    half = telling(PeriodOver(Period.FIRST_HALF), 47)
    second = played(BEGUN, half, telling(KickOff(Period.SECOND_HALF), 62), telling(Goal(Side.AWAY), 63))
    assert second[3].clock_s == 46 * 60
    assert played(BEGUN, half, telling(AddedTime(2), 50))[2].clock_s is None


def test_minutes_are_written_as_football_writes_them() -> None:
    assert minute(Period.FIRST_HALF, 0) == (1, 0)
    assert minute(Period.FIRST_HALF, 26 * 60 + 30) == (27, 0)
    assert minute(Period.FIRST_HALF, 46 * 60 + 1) == (45, 2)
    assert minute(Period.SECOND_HALF, 45 * 60) == (46, 0)
    assert minute(Period.SECOND_HALF, 93 * 60) == (90, 4)


def test_withdrawn_entries_do_not_count_and_corrected_ones_are_replaced() -> None:
    goal, other = telling(Goal(Side.HOME, 9), 5), telling(Goal(Side.AWAY, 9), 6)
    feed = played(
        BEGUN, goal, other, telling(EntryWithdrawal(2), 7), telling(EntryCorrection(3, Goal(Side.HOME, 10)), 8)
    )
    happened = effective(feed)
    assert [entry.content for entry in happened.values()] == [KickOff(Period.FIRST_HALF), Goal(Side.HOME, 10)]
    assert (state_of(happened.values()).home, state_of(happened.values()).away) == (1, 0)


def test_an_entry_is_withdrawn_once_and_only_if_it_was_published() -> None:
    feed = played(BEGUN, telling(Goal(Side.HOME), 5), telling(EntryWithdrawal(2), 6))
    assert refused(feed, EntryWithdrawal(2)) == Reason.ENTRY_WITHDRAWN
    assert refused(feed, EntryCorrection(2, Goal(Side.AWAY))) == Reason.ENTRY_WITHDRAWN
    assert refused(feed, EntryWithdrawal(4)) == Reason.ENTRY_UNKNOWN
    assert refused(feed, EntryCorrection(1, Goal(Side.HOME))) == Reason.ENTRY_NOT_OF_THIS_KIND


def test_only_the_original_entry_can_be_corrected_again_and_a_withdrawal_is_final() -> None:
    feed = played(BEGUN, telling(Goal(Side.HOME), 5), telling(EntryCorrection(2, Goal(Side.AWAY)), 6))
    for content in (EntryCorrection(3, Goal(Side.HOME)), EntryWithdrawal(3), VarReview("goal", "checking", 3)):
        (outcome,) = accept_entries([telling(content, 7)], feed, TEAMS)
        assert outcome == Refused(Reason.ENTRY_IS_CORRECTION, {"about": 3, "of": 2})
    assert refused(feed, EntryCorrection(2, Goal(Side.HOME))) is None
    without = played(BEGUN, telling(Goal(Side.HOME), 5), telling(EntryWithdrawal(2), 6))
    for content in (EntryWithdrawal(3), EntryCorrection(3, Goal(Side.HOME))):
        (outcome,) = accept_entries([telling(content, 7)], without, TEAMS)
        assert outcome == Refused(Reason.ENTRY_IS_WITHDRAWAL, {"about": 3, "of": 2})


def test_periods_come_in_their_order() -> None:
    assert refused([], PeriodOver(Period.FIRST_HALF)) == Reason.PERIOD_OUT_OF_ORDER
    begun = played(BEGUN)
    assert refused(begun, KickOff(Period.SECOND_HALF)) == Reason.PERIOD_OUT_OF_ORDER
    over = played(BEGUN, telling(PeriodOver(Period.FIRST_HALF, match_over=True), 46))
    assert refused(over, KickOff(Period.SECOND_HALF)) == Reason.PERIOD_OUT_OF_ORDER
    half = played(BEGUN, telling(PeriodOver(Period.FIRST_HALF), 46))
    assert refused(half, KickOff(Period.FIRST_HALF)) == Reason.PERIOD_OUT_OF_ORDER
    assert refused(half, KickOff(Period.SECOND_HALF)) is None


SHOOT_OUT = (
    BEGUN,
    telling(Goal(Side.HOME, 9), 5),
    telling(Goal(Side.AWAY, 9), 6),
    telling(PeriodOver(Period.FIRST_HALF), 46),
    telling(KickOff(Period.SHOOT_OUT), 130),
)


def test_shoot_out_kicks_have_their_own_score_and_are_no_goals() -> None:
    kicks = [
        telling(ShootOutKick(Side.HOME, "scored", 9), 131),
        telling(ShootOutKick(Side.AWAY, "saved", 9), 132),
        telling(ShootOutKick(Side.HOME, "missed"), 133),
        telling(ShootOutKick(Side.AWAY, "scored"), 134),
        telling(ShootOutKick(Side.HOME, "scored", 10), 135),
    ]
    found = state_of(effective(played(*SHOOT_OUT, *kicks)).values())
    assert (found.home, found.away, found.penalties) == (1, 1, ShootOutScore(2, 1))
    again = state_of(effective(played(*SHOOT_OUT, *kicks, telling(EntryWithdrawal(10), 136))).values())
    assert again.penalties == ShootOutScore(1, 1)
    over = telling(PeriodOver(Period.SHOOT_OUT, match_over=True), 140)
    assert state_of(effective(played(*SHOOT_OUT, *kicks, over)).values()).penalties == ShootOutScore(2, 1)
    assert state_of(effective(played(*SHOOT_OUT[:3])).values()).penalties is None


def test_a_shoot_out_whose_start_is_published_again_keeps_its_kicks() -> None:
    kicks = [telling(ShootOutKick(Side.HOME, "scored", 9), 131), telling(ShootOutKick(Side.AWAY, "missed"), 132)]
    again = [telling(EntryWithdrawal(5), 133), telling(KickOff(Period.SHOOT_OUT), 133)]
    found = state_of(effective(played(*SHOOT_OUT, *kicks, *again)).values())
    assert found.penalties == ShootOutScore(1, 0)


def test_goals_are_refused_in_a_shoot_out_and_kicks_outside_of_it() -> None:
    assert refused(played(*SHOOT_OUT), Goal(Side.HOME, 9), 131) == Reason.NOT_IN_THIS_PERIOD
    assert refused(played(*SHOOT_OUT[:3]), ShootOutKick(Side.HOME, "scored", 9)) == Reason.NOT_IN_THIS_PERIOD
    assert refused(played(*SHOOT_OUT), ShootOutKick(Side.HOME, "scored", 99), 131) == Reason.PLAYER_UNKNOWN
    late = played(*SHOOT_OUT, telling(PeriodOver(Period.SHOOT_OUT, match_over=True), 140))
    assert refused(late, ShootOutKick(Side.HOME, "scored", 9), 141) is None


def test_referee_signals_change_neither_score_nor_clock() -> None:
    feed = played(
        BEGUN,
        telling(RefereeSignal("whistle"), 3),
        telling(RefereeSignal("stopped"), 4),
        telling(RefereeSignal("resumed"), 5),
    )
    assert [entry.clock_s for entry in feed] == [None, 180, 240, 300]
    assert state_of(effective(feed).values()) == state_of(effective(feed[:1]).values())


def test_a_withdrawn_kick_off_can_be_published_again() -> None:
    feed = played(BEGUN, telling(EntryWithdrawal(1), 1))
    assert refused(feed, KickOff(Period.FIRST_HALF)) is None


def test_a_player_is_named_where_there_are_teams() -> None:
    (outcome,) = accept_entries([telling(Booking(Side.HOME, 4, "yellow"))], [], None)
    assert outcome == Refused(Reason.NO_MATCH)
    assert refused(played(BEGUN), Substitution(Side.AWAY, 11, 12)) == Reason.PLAYER_UNKNOWN


def test_an_encoded_entry_is_smaller_than_150_bytes() -> None:
    (entry,) = played(telling(Substitution(Side.HOME, 11, 12), 90))
    assert len(msgspec.json.encode(entry)) < 150


_contents = st.one_of(
    st.builds(KickOff, st.sampled_from(Period)),
    st.builds(PeriodOver, st.sampled_from(Period), st.booleans()),
    st.builds(Goal, st.sampled_from(Side), st.none() | st.integers(1, 25)),
    st.builds(ShootOutKick, st.sampled_from(Side), st.sampled_from(("scored", "saved", "missed"))),
    st.builds(EntryWithdrawal, st.integers(1, 12)),
    st.builds(EntryCorrection, st.integers(1, 12), st.builds(Goal, st.sampled_from(Side))),
)


@given(st.lists(_contents, max_size=12), st.integers(0, 12))
def test_concurrent_and_sequential_entries_give_the_same_feed(contents: list[Content], cut: int) -> None:
    wishes = [telling(one, minutes) for minutes, one in enumerate(contents)]
    at_once = accept_entries(wishes, [], TEAMS)
    first = accept_entries(wishes[:cut], [], TEAMS)
    known = [entry for entry in first if isinstance(entry, FeedEntry)]
    assert [*first, *accept_entries(wishes[cut:], known, TEAMS)] == at_once
    entries = [entry for entry in at_once if isinstance(entry, FeedEntry)]
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    found = state_of(effective(entries).values())
    goals = [entry.content for entry in effective(entries).values() if isinstance(entry.content, Goal)]
    assert found.home + found.away == len(goals)
    happened = [entry.content for entry in effective(entries).values()]
    scored = [content for content in happened if isinstance(content, ShootOutKick) and content.outcome == "scored"]
    assert (found.penalties.home + found.penalties.away if found.penalties else 0) == len(scored)


def test_an_entry_with_another_clock_sets_it_and_rounding_does_not() -> None:
    feed = played(BEGUN, telling(AddedTime(1), 30), EntryRequest(new_id(), at(31), AddedTime(1), 31 * 60 + 2))
    assert state_of(feed).clock == MatchClock(Period.FIRST_HALF, KICK_OFF, 0)
    set_anew = played(BEGUN, EntryRequest(new_id(), at(10), Goal(Side.HOME, 9), 40 * 60), telling(AddedTime(1), 11))
    assert state_of(set_anew).clock == MatchClock(Period.FIRST_HALF, at(10), 40 * 60)
    assert set_anew[-1].clock_s == 41 * 60


def squad(*players: Player) -> Teams:
    return replace(TEAMS, home=replace(TEAMS.home, players=list(players)))


@pytest.mark.parametrize(
    ("teams", "reason"),
    [
        (squad(Player(4, "One"), Player(4, "Other")), Reason.SHIRT_TWICE),
        (squad(Player(4, "One", captain=True), Player(5, "Other", captain=True)), Reason.CAPTAIN_TWICE),
        (squad(*(Player(number, "Starts", starts=True) for number in range(1, 13))), Reason.STARTERS_TOO_MANY),
        (replace(TEAMS, away=replace(TEAMS.away, code="OUR")), Reason.TEAMS_ALIKE),
        (squad(Player(9, "Nine", starts=True, captain=True)), None),
    ],
)
def test_impossible_line_ups_are_refused(teams: Teams, reason: Reason | None) -> None:
    refusal = refuse_teams(teams, [])
    assert (refusal.reason if refusal else None) == reason


def test_a_player_who_scored_stays_in_the_line_up() -> None:
    known = played(telling(KickOff(Period.FIRST_HALF)), telling(Goal(Side.HOME, 9)))
    assert refuse_teams(squad(Player(9, "Nine")), known) is None
    assert refuse_teams(squad(Player(8, "Eight")), known) == Refused(
        Reason.PLAYER_UNKNOWN, {"side": Side.HOME, "player": 9}
    )
