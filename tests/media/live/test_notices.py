"""Push notifications: what fans chose, little while they watch, and never a goal that was
withdrawn.
"""

# ruff: noqa: RUF001 - a score is written with a dash

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import FakeClock
from tests.media.live.conftest import GOAL, KICK_OFF, Match
from tests.media.live.test_rules import BEGUN, TEAMS, played, telling
from tests.venues import arena
from virage.demo.venues.drawing import stadium
from virage.identity.people.rules.push import PushJob
from virage.matchday.access.rules.attendance import EventAttendance
from virage.media.live.acts.notifications import notify_next_page
from virage.media.live.rules.entries import (
    Booking,
    EntryCorrection,
    EntryWithdrawal,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    ReplayAvailable,
    Side,
    VarReview,
    VenueUpdate,
)
from virage.media.live.rules.notifications import (
    NotificationKind,
    NotificationPreferences,
    Quiet,
    Recipient,
    delivery,
    notification_for,
    validated,
)
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.site.venue.types import Venue, local_code

ALL = list(NotificationKind)
HALF = telling(PeriodOver(Period.FIRST_HALF), 46)
LATER = timedelta(minutes=5)


def inside(*, really: bool = True) -> EventAttendance:
    return EventAttendance(really, frozenset({"A"}), frozenset({"nord"}))


def become(choice: NotificationPreferences, attending: EventAttendance | None, *, playing: bool = True) -> str | None:
    feed = played(BEGUN, telling(Goal(Side.HOME, 9), 12)) if playing else played(telling(Goal(Side.HOME, 9), 12))
    news = notification_for(feed[-1], feed, TEAMS)
    assert news is not None
    return delivery(news, Recipient(choice, attending), stadium())


def test_during_play_a_goal_is_held_for_fans_at_the_venue_and_sent_to_others() -> None:
    goals = NotificationPreferences([NotificationKind.GOALS])
    assert become(goals, inside()) == "held"
    assert become(goals, inside(really=False)) == "sent"
    assert become(goals, None) == "sent"
    assert become(goals, inside(), playing=False) == "sent"
    assert become(NotificationPreferences([NotificationKind.GOALS], [NotificationKind.GOALS]), inside()) == "sent"
    assert become(NotificationPreferences([NotificationKind.GOALS], quiet="never"), inside()) == "sent"
    assert become(NotificationPreferences([NotificationKind.GOALS], quiet="always"), None) == "held"
    assert become(NotificationPreferences([NotificationKind.PERIODS]), None) is None


@given(
    st.builds(
        NotificationPreferences,
        st.lists(st.sampled_from(NotificationKind), max_size=4),
        st.lists(st.sampled_from(NotificationKind), max_size=4),
    ),
    st.sampled_from(["inside", "always", "never"]),
    st.booleans(),
)
def test_only_chosen_notifications_are_sent(choice: NotificationPreferences, quiet: Quiet, seen: bool) -> None:
    said = validated(msgspec.structs.replace(choice, quiet=quiet))
    if not isinstance(said, NotificationPreferences):
        assert not set(choice.even_during) <= set(choice.kinds)
        return
    found = become(said, inside(really=seen))
    assert (found is not None) == (NotificationKind.GOALS in said.kinds)
    if found == "sent" and seen and quiet != "never":
        assert NotificationKind.GOALS in said.even_during


@pytest.mark.parametrize("ground", [stadium(), arena()], ids=["first venue", "second venue"])
def test_gate_news_goes_to_its_ticket_holders_and_outlet_news_to_fans_nearby(ground: Venue) -> None:
    gate, outlet = ground.gates[0], ground.outlets[0]
    choice = NotificationPreferences([NotificationKind.GROUND], quiet="never")
    for place, code in (("gate", gate.code), ("outlet", outlet.code)):
        feed = played(telling(VenueUpdate(place, code, "closed"), 1))  # type: ignore[arg-type]  # one of the two
        news = notification_for(feed[0], feed, TEAMS)
        assert news is not None
        assert local_code(code) in news.texts["en"].title.split()
        assert msgspec.convert(msgspec.to_builtins(feed[0].content), VenueUpdate) == feed[0].content
        near = EventAttendance(False, frozenset({gate.group}), frozenset({outlet.stand}))
        far = EventAttendance(False, frozenset({"elsewhere"}), frozenset({"elsewhere"}))
        assert [delivery(news, Recipient(choice, one), ground) for one in (near, far, None)] == [
            "sent",
            None,
            None,
        ]


def test_a_disallowed_goal_is_replaced_by_a_notification_with_the_score() -> None:
    feed = played(BEGUN, telling(Goal(Side.HOME, 9), 26.5), telling(EntryWithdrawal(2), 28))
    none = notification_for(feed[2], feed, TEAMS)
    assert none is not None
    assert (none.kind, none.about) == (None, 2)
    assert (none.texts["en"].title, none.texts["en"].body) == ("Goal disallowed: Ours", "Ours 0–0 Theirs")
    assert notification_for(feed[1], feed, TEAMS) is None, "a fan who was not notified yet never is"
    assert none.texts["fr"].title == "But annulé\N{NO-BREAK SPACE}: Ours"


def test_a_corrected_scorer_is_not_notified_and_a_corrected_side_is() -> None:
    begun = [BEGUN, telling(Goal(Side.HOME, 9), 26.5)]
    scorer = played(*begun, telling(EntryCorrection(2, Goal(Side.HOME, 10)), 28))
    assert notification_for(scorer[2], scorer, TEAMS) is None
    side = played(*begun, telling(EntryCorrection(2, Goal(Side.AWAY, 9)), 28))
    news = notification_for(side[2], side, TEAMS)
    assert news is not None
    assert (news.about, news.texts["en"].title, news.texts["en"].body) == (
        2,
        "Goal for Theirs",
        "Ours 0–1 Theirs (27′)",
    )


def test_an_unchanged_state_sends_no_message() -> None:
    feed = played(
        BEGUN,
        telling(Booking(Side.HOME, 4, "yellow"), 5),
        telling(VarReview("penalty", "checking"), 6),
        telling(Goal(Side.HOME, 9), 12),
        telling(ReplayAvailable(new_id(), 4), 13),
        HALF,
        telling(KickOff(Period.SECOND_HALF), 60),
    )
    said = [
        None if news is None else news.texts["en"].title
        for news in (notification_for(entry, feed, TEAMS) for entry in feed)
    ]
    assert said == [
        "Kick-off",
        None,
        None,
        "Goal for Ours",
        "Replay: goal for Ours",
        "Half-time",
        "Second half under way",
    ]


class Crowd:
    """Fans with a phone each, and the messages of their phones."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.inside: set[UUID] = set()
        self.phones: dict[UUID, str] = {}

    async def fan(
        self, choice: NotificationPreferences | None = None, *, club: bool = False, inside: bool = False
    ) -> str:
        """A fan with chosen notifications, by the name of their phone."""
        name = f"fan-{len(self.phones)}"
        header = await self.match.world.signed_in(f"{name}@example.org")
        subscription = new_id()
        body = {"endpoint": f"https://push.example.org/{name}", "p256dh": _POINT, "auth": base64url(bytes(16))}
        world = self.match.world
        assert (await world.ask(header, "PUT", f"/api/me/push-subscriptions/{subscription}", body)).status_code == 204
        self.phones[subscription] = name
        await world.rows("update people.person set locale = 'en'")
        if choice is not None:
            path = "/api/me/notifications/" + ("club" if club else f"events/{world.event}")
            answer = await world.ask(header, "PUT", path, msgspec.to_builtins(choice))
            assert answer.status_code == 200, answer.text
        if inside:
            self.inside.add(await world.person(f"{name}@example.org"))
        return name

    async def attending(
        self, conn: Connection, event_id: UUID, person_ids: Sequence[UUID]
    ) -> dict[UUID, EventAttendance]:
        assert event_id == self.match.world.event
        assert conn.is_in_transaction()
        return {one: inside(really=one in self.inside) for one in person_ids}

    async def new_messages(self) -> dict[str, list[dict[str, Any]]]:
        """The new messages of each phone, in order."""
        world, found = self.match.world, dict[str, list[dict[str, Any]]]()
        more = True
        while more:
            async with world.db.transaction() as conn:
                more = await notify_next_page(conn, world.event, self.attending, world.clock.now())
        rows = await world.rows("delete from kernel.job where entrypoint = 'push' returning id, payload")
        for _, payload in sorted((row["id"], row["payload"]) for row in rows):
            due = msgspec.json.decode(payload, type=PushJob)
            for subscription in due.subscription_ids:
                found.setdefault(self.phones[subscription], []).append(msgspec.json.decode(due.text))
        return found


_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
HALF_TIME = {"kind": "period_over", "period": "first_half"}


@pytest.fixture
def crowd(match: Match) -> Crowd:
    return Crowd(match)


def titles(messages: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {name: [one["title"] for one in said] for name, said in messages.items()}


async def test_no_notifications_without_a_choice_and_the_choice_for_an_event_overrides_the_clubs(
    crowd: Crowd,
) -> None:
    await crowd.fan()
    for_all = await crowd.fan(NotificationPreferences([NotificationKind.GOALS]), club=True)
    header = await crowd.match.world.signed_in("fan-1@example.org")
    this_one = await crowd.fan(NotificationPreferences([NotificationKind.GOALS]))
    await crowd.match.tell(KICK_OFF, GOAL)
    assert set(titles(await crowd.new_messages())) == {for_all, this_one}
    path = f"/api/me/notifications/events/{crowd.match.world.event}"
    await crowd.match.world.ask(header, "PUT", path, {"kinds": []})
    await crowd.match.tell(GOAL)
    assert set(titles(await crowd.new_messages())) == {this_one}
    assert (await crowd.match.world.ask(header, "DELETE", path)).status_code == 204
    await crowd.match.tell(GOAL)
    assert set(titles(await crowd.new_messages())) == {for_all, this_one}
    assert await crowd.new_messages() == {}, "each notification is sent once"


async def test_notifications_held_during_play_are_one_message_at_half_time(crowd: Crowd) -> None:
    quiet = await crowd.fan(NotificationPreferences([NotificationKind.GOALS, NotificationKind.REPLAYS]), inside=True)
    eager = await crowd.fan(NotificationPreferences([NotificationKind.GOALS], [NotificationKind.GOALS]), inside=True)
    away = await crowd.fan(NotificationPreferences([NotificationKind.GOALS, NotificationKind.PERIODS]))
    await crowd.match.tell(KICK_OFF, GOAL, GOAL)
    messages = titles(await crowd.new_messages())
    assert messages == {eager: ["Goal for Ours"] * 2, away: ["Kick-off", "Goal for Ours", "Goal for Ours"]}
    await crowd.match.tell(HALF_TIME)
    half = await crowd.new_messages()
    assert titles(half) == {quiet: ["Half-time"], away: ["Half-time"]}
    assert half[quiet][0]["body"] == "Ours 2–0 Theirs"
    await crowd.match.tell({"kind": "kick_off", "period": "second_half"})
    await crowd.match.tell({"kind": "period_over", "period": "second_half", "match_over": True})
    assert titles(await crowd.new_messages()) == {away: ["Second half under way", "Full time"]}, (
        "no notification was held"
    )


async def test_shoot_out_kicks_are_not_notified_and_the_result_is(crowd: Crowd) -> None:
    away = await crowd.fan(NotificationPreferences([NotificationKind.GOALS, NotificationKind.PERIODS], quiet="never"))
    await crowd.match.tell(KICK_OFF, GOAL, HALF_TIME, {"kind": "kick_off", "period": "shoot_out"})
    await crowd.new_messages()
    kicks = [("home", "scored"), ("away", "saved"), ("home", "scored"), ("away", "scored")]
    await crowd.match.tell(
        *[{"kind": "shoot_out_kick", "side": side, "outcome": outcome} for side, outcome in kicks],
        {"kind": "referee", "signal": "whistle"},
    )
    assert await crowd.new_messages() == {}
    await crowd.match.tell({"kind": "period_over", "period": "shoot_out", "match_over": True})
    (end,) = (await crowd.new_messages())[away]
    assert (end["title"], end["body"]) == ("Full time", "Ours 1–0 Theirs, 2–1 on penalties")


async def test_a_withdrawn_goal_replaces_its_notification_only(crowd: Crowd) -> None:
    notified = await crowd.fan(NotificationPreferences([NotificationKind.GOALS]))
    await crowd.fan(NotificationPreferences([NotificationKind.GOALS]), inside=True)
    walks_in = await crowd.fan(NotificationPreferences([NotificationKind.GOALS]))
    await crowd.match.tell(KICK_OFF, GOAL)
    goal = await crowd.new_messages()
    crowd.inside.add(await crowd.match.world.person(f"{walks_in}@example.org"))
    await crowd.match.tell({"kind": "withdrawn", "about": 2})
    none = await crowd.new_messages()
    assert titles(none) == {notified: ["Goal disallowed: Ours"], walks_in: ["Goal disallowed: Ours"]}
    for name in (notified, walks_in):
        (first,), (second,) = goal[name], none[name]
        assert (first["tag"], first["revision"]) == (second["tag"], second["revision"] - 1)
    await crowd.match.tell(HALF_TIME)
    assert await crowd.new_messages() == {}, "its held notification is dropped"


async def test_a_message_that_would_arrive_too_late_is_not_sent(crowd: Crowd, clock: FakeClock) -> None:
    await crowd.fan(NotificationPreferences([NotificationKind.GOALS]))
    await crowd.match.tell(KICK_OFF, GOAL)
    clock.advance(timedelta(minutes=11))
    assert await crowd.new_messages() == {}


async def test_an_entry_with_a_far_off_time_does_not_block_notifications(crowd: Crowd) -> None:
    name = await crowd.fan(NotificationPreferences([NotificationKind.PERIODS]))
    await crowd.match.send([crowd.match.telling(KICK_OFF, at="2199-12-31T23:59:59Z")])
    assert titles(await crowd.new_messages()) == {name: ["Kick-off"]}


async def test_choices_are_exported_and_erased_with_their_fan_and_invalid_ones_are_refused(crowd: Crowd) -> None:
    await crowd.fan(NotificationPreferences([NotificationKind.GOALS], quiet="never"))
    await crowd.match.tell(KICK_OFF, GOAL)
    await crowd.new_messages()
    world = crowd.match.world
    header = await world.signed_in("fan-0@example.org")
    mine = (await world.ask(header, "GET", "/api/me/notifications")).json()
    assert mine["club"]["kinds"] == []
    assert mine["events"][str(world.event)] == {"kinds": ["goals"], "even_during": [], "quiet": "never"}
    exported = (await world.ask(header, "GET", "/api/me/export")).json()["notices"]
    assert [one["choice"]["kinds"] for one in exported["choices"]] == [["goals"]]
    assert [one["number"] for one in exported["told"]] == [2]
    for wrong in ({"kinds": ["goals"], "even_during": ["replays"]}, {"kinds": ["tea"]}, {}):
        assert (await world.ask(header, "PUT", "/api/me/notifications/club", wrong)).status_code == 400
    assert (
        await world.ask(header, "PUT", f"/api/me/notifications/events/{world.draft}", {"kinds": []})
    ).status_code == 404
    assert (await world.ask(header, "DELETE", "/api/me")).status_code in (200, 204)
    for table in ("notice_choice", "notice"):
        assert await world.rows(f"select 1 from live.{table}") == []
