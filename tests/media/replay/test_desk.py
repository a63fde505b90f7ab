"""The media desk with the whole application: marking, approval, withdrawal, suggestions."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.app import pitch
from tests.media.live.conftest import KICK_OFF
from tests.media.replay.desk import Desk, program_of
from virage.media.live.acts import publishing as live
from virage.media.live.rules.entries import EntryRequest, Goal, Side
from virage.media.replay.acts import clips as acts
from virage.media.replay.rules.clips import Reason
from virage.media.replay.store import clips as store
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.platform.web.problems import Problem, granted

GOAL = {"kind": "goal", "side": "home"}
OVERTURNED = {"kind": "var", "matter": "goal", "phase": "overturned", "about": 2}


@pytest.mark.parametrize("undone", [{"kind": "withdrawn", "about": 2}, OVERTURNED], ids=["withdrawn", "overturned"])
async def test_withdrawing_a_goal_withdraws_its_clip(desk: Desk, undone: Any) -> None:
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == [("shown", "watched")]
    assert "replay" in await desk.entries_in_effect()
    await desk.tell(undone)
    assert await desk.clips() == [("withdrawn", "gone")]
    assert "replay" not in await desk.entries_in_effect()
    await desk.tell(GOAL)
    assert sorted(await desk.clips()) == [("shown", "watched"), ("withdrawn", "gone")], (
        "published again, it is another goal"
    )


async def test_overturning_another_decision_keeps_the_clip_of_a_goal(desk: Desk) -> None:
    await desk.tell(KICK_OFF, GOAL)
    (review,) = await desk.tell({"kind": "var", "matter": "penalty", "phase": "overturned", "about": 2})
    assert "number" in review
    assert await desk.clips() == [("shown", "watched")]


async def test_correcting_the_scorer_keeps_the_clip_of_a_goal(desk: Desk) -> None:
    await desk.tell(KICK_OFF, GOAL)
    own = {"kind": "goal", "side": "home", "manner": "own"}
    (corrected,) = await desk.tell({"kind": "corrected", "about": 2, "content": own})
    assert "number" in corrected
    assert await desk.clips() == [("shown", "watched")]


async def test_withdrawing_the_replay_entry_withdraws_the_clip_and_its_keys(desk: Desk) -> None:
    await desk.mark()
    await desk.tell({"kind": "withdrawn", "about": 1})
    assert await desk.clips() == [("withdrawn", "gone")]


async def test_with_four_eyes_a_marked_clip_waits_for_approval(desk: Desk) -> None:
    await desk.four_eyes()
    clip = (await desk.mark())["id"]
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == [("proposed", "gone")] * 2, "the automatic clip of a goal waits too"
    assert "replay" not in await desk.entries_in_effect()
    assert await desk.do(desk.desk, clip, "release") == (403, "forbidden")
    assert await desk.do(desk.moderator, clip, "release") == (200, None)
    assert await desk.do(desk.moderator, clip, "release") == (200, None), "a repeated request has the same answer"
    assert sorted(await desk.clips()) == [("proposed", "gone"), ("shown", "watched")]
    assert (await desk.entries_in_effect()).count("replay") == 1
    (proposed, marker), (released, moderator) = await desk.facts(clip)
    assert (proposed, released) == ("clip_proposed", "clip_released")
    assert marker != moderator
    await desk.tell({"kind": "withdrawn", "about": 2})
    assert sorted(await desk.clips()) == [("shown", "watched"), ("withdrawn", "gone")], (
        "a proposed clip is withdrawn too"
    )


async def test_the_publisher_of_a_goal_cannot_approve_its_clip_even_with_an_api_client(desk: Desk) -> None:
    await desk.four_eyes()
    grants = [Grant(role, "event", desk.world.event) for role in ("match_desk", "moderator")]
    publisher = await desk.world.signed_in("both@example.org", *grants)
    desk.desk, other = publisher, desk.desk
    await desk.tell(KICK_OFF, GOAL)
    desk.desk = await program_of(desk.world, "both@example.org", "match_desk")
    await desk.tell(GOAL)
    clips = (await desk.shown(publisher))["clips"]
    assert [(line["automatic"], line["own"], line["state"]) for line in clips] == [(True, True, "proposed")] * 2
    assert [line["own"] for line in (await desk.shown(other))["clips"]] == [False] * 2
    releasing = await program_of(desk.world, "both@example.org", "moderator")
    for clip in clips:
        assert await desk.do(publisher, clip["id"], "release") == (409, "own_mark")
        assert await desk.do(releasing, clip["id"], "release") == (409, "own_mark")
    assert "replay" not in await desk.entries_in_effect()
    assert await desk.do(desk.moderator, clips[0]["id"], "release") == (200, None)


async def test_revoking_the_api_client_that_publishes_a_goal_does_not_approve_its_clip(desk: Desk) -> None:
    await desk.four_eyes()
    await desk.tell(KICK_OFF)
    roles = ("match_desk", "moderator")
    both = await desk.world.signed_in("both@example.org", *(Grant(role, "event", desk.world.event) for role in roles))
    desk.desk, other = await program_of(desk.world, "both@example.org", "match_desk"), desk.desk
    async with desk.world.db.transaction() as conn:
        await conn.execute("select from live.feed for update")
        telling = asyncio.create_task(desk.tell(GOAL))
        waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while not await desk.world.rows(waiting):  # noqa: ASYNC110 - another connection sets no event
            await asyncio.sleep(0.01)
        await conn.execute("delete from people.program")
    await telling
    assert [await desk.do(both, clip["id"], "release") for clip in (await desk.shown(other))["clips"]] == []
    assert "replay" not in await desk.entries_in_effect()


async def test_the_clip_of_a_machine_entry_needs_one_approval(desk: Desk) -> None:
    await desk.four_eyes()
    now = desk.world.clock.now()
    async with desk.world.db.transaction() as conn:
        goal = EntryRequest(new_id(), now, Goal(Side.HOME))
        await live.publish(conn, desk.world.event, [goal], None, now, handlers=(acts.on_feed_entries,))
    (clip,) = (await desk.shown(desk.moderator))["clips"]
    assert (clip["automatic"], clip["own"], clip["state"]) == (True, False, "proposed")
    assert await desk.do(desk.moderator, clip["id"], "release") == (200, None)


async def test_the_marker_of_a_clip_cannot_approve_it(desk: Desk) -> None:
    await desk.four_eyes()
    grants = [Grant(role, "event", desk.world.event) for role in ("media_desk", "moderator")]
    both = await desk.world.signed_in("both@example.org", *grants)
    desk.desk, colleague = both, desk.desk
    clip = (await desk.mark())["id"]
    assert await desk.do(both, clip, "release") == (409, "own_mark")
    assert [line["own"] for line in (await desk.shown())["clips"]] == [True]
    assert [line["own"] for line in (await desk.shown(colleague))["clips"]] == [False]
    assert await desk.clips() == [("proposed", "gone")]


@pytest.mark.parametrize("four_eyes", [True, False], ids=["that waited", "that was taken down"])
async def test_a_clip_without_footage_cannot_be_approved(desk: Desk, four_eyes: bool) -> None:
    if four_eyes:
        await desk.four_eyes()
    clip = (await desk.mark())["id"]
    if not four_eyes:
        assert await desk.do(desk.desk, clip, "withdraw") == (204, None)
    before = await desk.clips(), await desk.entries_in_effect(), await desk.facts(clip)
    await desk.world.rows("delete from replay.segment")
    assert await desk.do(desk.moderator, clip, "release") == (409, "no_picture")
    assert (await desk.clips(), await desk.entries_in_effect(), await desk.facts(clip)) == before


async def test_both_roles_withdraw_only_a_moderator_restores_and_both_are_journalled(desk: Desk) -> None:
    clip = (await desk.mark())["id"]
    assert await desk.do(desk.desk, clip, "withdraw") == (204, None)
    assert await desk.do(desk.desk, clip, "withdraw") == (204, None), "a repeated request has the same answer"
    assert (await desk.clips(), await desk.entries_in_effect()) == ([("withdrawn", "gone")], [])
    assert await desk.do(desk.desk, clip, "release") == (403, "forbidden")
    assert await desk.do(desk.moderator, clip, "release") == (200, None)
    assert (await desk.clips(), await desk.entries_in_effect()) == ([("shown", "watched")], ["replay"])
    assert await desk.do(desk.moderator, clip, "withdraw") == (204, None)
    assert (await desk.clips(), await desk.entries_in_effect()) == ([("withdrawn", "gone")], [])
    facts = await desk.facts(clip)
    assert [what for what, _ in facts] == ["clip_published", "clip_withdrawn", "clip_released", "clip_withdrawn"]
    assert facts[0][1] == facts[1][1] != facts[2][1] == facts[3][1]


async def test_concurrent_identical_marks_make_one_clip(desk: Desk) -> None:
    request = pitch.clip(desk.world)
    asked = [desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", request) for _ in range(4)]
    answers = await asyncio.gather(*asked)
    assert {(answer.status_code, answer.json()["id"]) for answer in answers} == {(200, request["id"])}
    assert (await desk.clips(), await desk.entries_in_effect()) == ([("shown", "watched")], ["replay"])
    await desk.world.rows("delete from replay.segment")
    late = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", request)
    assert (late.status_code, late.json()["id"]) == (200, request["id"]), "also when its goal is withdrawn"
    assert [what for what, _ in await desk.facts(request["id"])] == ["clip_published"]
    other = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", request | {"about": 1})
    assert other.json()["code"] == "clip_id_taken"


async def test_a_mark_of_an_unknown_feed_entry_is_refused_with_the_reason_of_the_feed(desk: Desk) -> None:
    request = pitch.clip(desk.world) | {"about": 7}
    refused = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", request)
    assert refused.json()["code"] == "entry_unknown"
    assert (await desk.clips(), await desk.entries_in_effect()) == ([], [])


async def test_an_approval_concurrent_with_a_withdrawal_publishes_nothing(desk: Desk) -> None:
    await desk.four_eyes()
    clip = (await desk.mark())["id"]
    async with desk.world.db.connection() as conn:
        read = await store.clip(conn, UUID(clip))
    assert read is not None
    assert await desk.do(desk.desk, clip, "withdraw") == (204, None)
    with pytest.raises(Problem):
        async with desk.world.db.transaction() as conn:
            granted(await acts.release(conn, read, None, desk.world.clock.now()))
    assert (await desk.clips(), await desk.entries_in_effect()) == ([("withdrawn", "gone")], [])


async def test_a_withdrawal_concurrent_with_an_approval_is_refused_as_changed(desk: Desk) -> None:
    await desk.four_eyes()
    clip = (await desk.mark())["id"]
    async with desk.world.db.connection() as conn:
        read = await store.clip(conn, UUID(clip))
    assert read is not None
    assert await desk.do(desk.moderator, clip, "release") == (200, None)
    async with desk.world.db.transaction() as conn:
        outcome = await acts.withdraw(conn, read, None, desk.world.clock.now())
    assert outcome == Refused(Reason.CHANGED)
    assert (await desk.clips(), await desk.entries_in_effect()) == ([("shown", "watched")], ["replay"])


async def test_with_four_eyes_a_goal_withdrawn_in_the_same_batch_is_not_proposed(desk: Desk) -> None:
    await desk.four_eyes()
    await desk.tell(KICK_OFF, GOAL, {"kind": "withdrawn", "about": 2})
    assert await desk.clips() == []


async def test_a_desk_shows_no_video_of_another_day(desk: Desk) -> None:
    times = ("doors_at", "starts_at", "ends_at")
    later = ", ".join(f"{column} = {column} + interval '9 days'" for column in times)
    await desk.world.rows(f"update programme.event set {later}")
    answer = await desk.world.ask(desk.desk, "POST", f"{desk.room}/clips", pitch.clip(desk.world))
    assert answer.json()["code"] == "no_picture"
    await desk.tell(KICK_OFF, GOAL)
    assert await desk.clips() == []
    assert (await desk.shown())["near"] is False, "the desk shows that goals make no clips"
