"""The forecast of the entry: the model on its own, evenings made of pictures, and an evening at the gates."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.forecast import DOORS, MINUTE, evening, pictures
from tests.control.safety.conftest import ControlRoom
from tests.golden.system import SETTINGS
from tests.matchday.access.conftest import HOUR, NOW, SECOND, Evening
from virage.cli import app as cli
from virage.control.safety.acts.entry import keep_forecast
from virage.control.safety.acts.pictures import keep_picture
from virage.control.safety.jobs import EntryJob, RetentionJob
from virage.control.safety.reads.entry import EntryForecasts, entry_event, seed_of
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.rules.alerts import AlertMeasure, forecast_readings
from virage.control.safety.rules.entry import (
    AHEAD_MIN,
    EntryBand,
    EntryForecast,
    EntryGate,
    EntryOutlook,
    EntryState,
    GateOutlook,
    outlook,
)
from virage.control.safety.rules.entry_record import EntryEvent, EntryRecord, backtest, silent_gates, summary
from virage.control.safety.rules.picture import VenuePicture
from virage.control.safety.settings import SafetySettings
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import Issue
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.site.programme import api as programme

SEED = 7


def gate(code: str = "A", group: int = 0, **changes: Any) -> EntryGate:
    fields: dict[str, Any] = {"is_open": True, "entered": 0.0, "queue": None, "peak": 0.0}
    return EntryGate(code, group, **(fields | changes))


def state(*gates: EntryGate, now: float = 60.0, expected: tuple[int, ...] = (1_000,)) -> EntryState:
    inside = sum(one.entered for one in gates)
    return EntryState(now, 120.0, list(expected), list(gates), [(now / 2, inside / 2), (now, inside)])


@given(
    now=st.integers(0, 180),
    gates=st.lists(
        st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 900), st.none() | st.integers(0, 400)),
        min_size=1,
        max_size=6,
    ),
    expected=st.lists(st.integers(0, 3_000), min_size=4, max_size=4).filter(any),
)
@settings(max_examples=60)
def test_whatever_is_counted_people_only_come_in_and_figures_are_in_order(
    now: int, gates: list[tuple[int, bool, int, int | None]], expected: list[int]
) -> None:
    made = [
        gate(str(number), group, is_open=is_open, entered=float(entered), queue=None if queue is None else float(queue))
        for number, (group, is_open, entered, queue) in enumerate([*gates, (0, True, 0, None)])
    ]
    found = outlook(state(*made, now=float(now), expected=tuple(expected)), SEED)
    for band in (found.ahead, found.coming):
        assert found.inside <= band.low + 1 <= band.median + 2 <= band.high + 3
    assert found.ahead.high <= found.coming.high + 1
    for one in found.gates:
        assert 0 <= one.waiting <= one.waiting_p95
    if found.all_in_p95 is not None:
        assert found.all_in_p50 is not None
        assert 0 <= found.all_in_p50 <= found.all_in_p95


def test_the_same_counts_give_the_same_outlook() -> None:
    one = state(gate(entered=300.0), gate("B", entered=200.0))
    assert outlook(one, SEED) == outlook(one, SEED)


def test_a_gate_cannot_let_in_more_than_its_capacity() -> None:
    few = outlook(state(gate(entered=100.0, queue=400.0), expected=(2_000,)), SEED)
    assert few.gates[0].per_minute == pytest.approx(11.0, rel=0.05)
    fast = outlook(state(gate(entered=100.0, queue=400.0, peak=20.0), expected=(2_000,)), SEED)
    assert fast.gates[0].per_minute == pytest.approx(20.0, rel=0.05)
    assert few.gates[0].waiting > fast.gates[0].waiting


def test_the_queue_that_will_be_is_as_uncertain_as_the_capacity_of_its_gate() -> None:
    (found,) = outlook(state(gate(entered=600.0, queue=400.0)), SEED).gates
    assert found.waiting == pytest.approx(400 - 10 * 11, abs=6)
    assert found.waiting_p95 - found.waiting == pytest.approx(1.645 * 0.15 * 110, rel=0.25)


def test_people_of_a_closed_gate_come_to_the_open_ones_of_its_group() -> None:
    gates = (gate("A", entered=300.0, queue=20.0), gate("B", entered=300.0, queue=20.0), gate("C", 1, entered=300.0))
    both = outlook(state(*gates, expected=(2_000, 900)), SEED)
    shut = replace(gates[1], is_open=False)
    one = outlook(state(gates[0], shut, gates[2], expected=(2_000, 900)), SEED)
    waiting = {found.code: found.waiting for found in one.gates}
    assert waiting["A"] > both.gates[0].waiting + 50
    assert waiting["B"] >= 20
    assert next(found for found in one.gates if found.code == "B").per_minute == 0
    assert waiting["C"] == pytest.approx(both.gates[2].waiting, abs=25)


def test_a_group_without_an_open_gate_comes_to_any_other() -> None:
    found = outlook(state(gate("A", 0, entered=200.0, queue=0.0), expected=(300, 4_000)), SEED)
    alone = outlook(state(gate("A", 0, entered=200.0, queue=0.0), expected=(300,)), SEED)
    assert found.coming.median > 3_000
    assert found.gates[0].waiting > alone.gates[0].waiting


def test_when_most_people_are_late_more_of_them_are_expected_later() -> None:
    def counted(inside: float) -> EntryOutlook:
        return outlook(
            state(*(gate(str(n), entered=inside / 40) for n in range(40)), now=100.0, expected=(9_000,)), SEED
        )

    assert counted(3_000).ahead.median - 3_000 > counted(8_000).ahead.median - 8_000
    late, early = counted(3_000).all_in_p50, counted(8_000).all_in_p50
    assert early is not None
    assert late is None or late > early


def test_everybody_is_in_at_once_when_all_tickets_have_entered() -> None:
    found = outlook(state(gate(entered=1_000.0), now=150.0), SEED)
    assert (found.all_in_p50, found.ahead) == (0.0, EntryBand(1_000, 1_000, 1_000))


def test_without_tickets_or_an_open_gate_there_is_no_outlook() -> None:
    for one in (state(gate(), expected=(0,)), state(gate(is_open=False))):
        with pytest.raises(ValueError, match="tickets and an open gate"):
            outlook(one, SEED)


def test_on_simulated_evenings_the_band_holds_as_often_as_it_says() -> None:
    checks = []
    for seed in range(900, 906):
        simulated = evening(seed)
        checks += backtest(pictures(simulated), simulated.event, SEED)
    found = summary(checks)
    assert found is not None
    assert found.queues_held is not None
    assert 0.9 <= found.in_band <= 1
    assert found.band_width < 0.13
    assert found.all_in_held > 0.9
    assert found.queues_held > 0.93


def test_a_back_test_of_an_evening_that_stands_still_says_so() -> None:
    simulated = evening(1, people=5_000)
    made = pictures(simulated)
    stuck = [replace(one, at=one.at) if n < 60 else replace(made[60], at=one.at) for n, one in enumerate(made)]
    fresh = summary(backtest(made, simulated.event, SEED))
    held = summary(backtest(stuck, simulated.event, SEED))
    assert fresh is not None
    assert held is None or held.in_band < fresh.in_band
    assert summary([]) is None


def few(number: int, simulated: Any = None) -> tuple[list[VenuePicture], EntryEvent]:
    simulated = simulated or evening(3, people=5_000)
    return pictures(simulated)[: number + 1], simulated.event


def test_a_state_is_the_same_whether_pictures_come_each_second_or_each_minute() -> None:
    made, event = few(40)
    slow, quick = EntryRecord(), EntryRecord()
    for picture in made:
        slow.add(picture)
        for second in range(0, 60, 20):
            quick.add(replace(picture, at=picture.at + second * SECOND))
    assert slow.state(made[-1], event) == quick.state(made[-1], event)
    found = slow.state(made[-1], event)
    assert found is not None
    assert (found.now, found.start, len(found.history)) == (40.0, 120.0, 40)
    assert max(one.peak for one in found.gates) > 0


def test_a_silent_gate_keeps_its_last_count_and_one_without_a_source_is_not_in_use() -> None:
    made, event = few(30)
    record = EntryRecord()
    for picture in made[:-1]:
        record.add(picture)
    last = made[-1]
    silent = [replace(figure, value=None) for figure in last.gates[0].entered]
    never = [replace(figure, value=None, at=None) for figure in last.gates[1].entered]
    gates = [replace(last.gates[0], entered=silent), *last.gates[2:]]
    before = made[-2].gates[0].entered[0].value
    found = record.state(replace(last, gates=gates), event)
    assert found is not None
    assert (found.gates[0].code, found.gates[0].entered) == (last.gates[0].code, before)
    assert silent_gates(replace(last, gates=gates)) == 1
    unused = replace(last, gates=[replace(last.gates[1], entered=never), *last.gates[2:]])
    known = EntryRecord().state(unused, event)
    assert known is not None
    assert last.gates[1].code not in [one.code for one in known.gates]
    assert silent_gates(unused) == 0


def test_people_who_went_out_again_are_not_in() -> None:
    made, event = few(30)
    last = made[-1]
    first = last.gates[0].entered[0]
    assert first.value is not None
    out = replace(last.gates[0], left=[replace(first, value=first.value - 1)])
    found = EntryRecord().state(replace(last, gates=[out, *last.gates[1:]]), event)
    assert found is not None
    assert found.gates[0].entered == 1


def test_without_any_fresh_count_there_is_no_state() -> None:
    made, event = few(5)
    record = EntryRecord()
    record.add(made[-2])
    silent = [replace(one, entered=[replace(figure, value=None) for figure in one.entered]) for one in made[-1].gates]
    assert record.state(replace(made[-1], gates=silent), event) is None
    assert record.state(made[-1], replace(event, tickets={})) is None


def forecast(at: Any, *gates: GateOutlook, event_id: Any = None) -> EntryForecast:
    return EntryForecast(
        event_id=event_id or new_id(),
        at=at,
        members=400,
        tickets=100,
        inside=10,
        ahead_at=at + AHEAD_MIN * MINUTE,
        ahead=EntryBand(20, 15, 30),
        coming=EntryBand(90, 80, 99),
        all_in_p50=None,
        all_in_p95=None,
        until=at,
        silent_gates=0,
        gates=list(gates),
    )


def test_alerts_read_the_queues_to_come_of_gates_that_count_theirs_while_the_forecast_is_fresh() -> None:
    made = forecast(DOORS, GateOutlook("A1", 210, 300, 9.0, True), GateOutlook("A2", 500, 600, 9.0, False))
    (found,) = forecast_readings(made, DOORS + 30 * SECOND)
    assert (found.measure, found.place, found.value) == (AlertMeasure.QUEUE_FORECAST, "A1", 210)
    (old,) = forecast_readings(made, DOORS + 31 * SECOND)
    assert (old.value, old.at) == (None, DOORS)


class Watch:
    """The job of the forecast over an evening at the gates."""

    def __init__(self, night: Evening) -> None:
        self.night = night
        found = VenuePictures(night.db, night.clock, SafetySettings())
        self.forecasts = EntryForecasts(night.db, night.clock, found)
        self.job = EntryJob(night.db, night.clock, self.forecasts)

    async def made(self) -> EntryForecast | None:
        await self.job.look_ahead()
        return await self.forecasts.latest(self.night.event_id)

    async def is_late(self) -> bool:
        return (await self.forecasts.shown(self.night.event_id)).is_late


async def test_scans_of_an_evening_become_a_forecast_that_is_replaced_and_shown_as_late(night: Evening) -> None:
    watch, device = Watch(night), night.device()
    assert await watch.made() is None
    night.clock.advance(2 * SECOND)
    tickets = await night.tickets(20)
    await night.send(device, *(night.scan(device, "ask", ticket) for ticket in tickets[:5]))
    first = await watch.made()
    assert first is not None
    assert (first.at, first.tickets, first.inside, first.silent_gates) == (NOW + 2 * SECOND, 20, 5, 0)
    assert [one.code for one in first.gates] == ["A1"]
    night.clock.advance(2 * SECOND)
    await night.send(device, *(night.scan(device, "ask", ticket) for ticket in tickets[5:9]))
    second = await watch.made()
    assert second is not None
    assert (second.at, second.inside) == (NOW + 4 * SECOND, 9)
    night.clock.advance(6 * SECOND)
    assert not await watch.is_late()
    night.clock.advance(SECOND)
    assert await watch.is_late()


async def test_a_forecast_is_not_made_again_from_counts_that_are_no_longer_fresh(night: Evening) -> None:
    watch, device = Watch(night), night.device()
    await night.send(device, night.scan(device, "ask", (await night.tickets(3))[0]))
    made = await watch.made()
    night.clock.advance(61 * SECOND)
    assert made is not None
    assert await watch.made() == made
    assert await watch.is_late()


async def test_an_older_forecast_does_not_replace_a_newer_one(night: Evening) -> None:
    newer, older = (forecast(NOW + late * SECOND, event_id=night.event_id) for late in (5, 4))
    for one in (newer, older):
        async with night.db.transaction() as conn:
            await keep_forecast(conn, one)
    assert (await Watch(night).forecasts.latest(night.event_id)) == newer


async def test_a_forecast_is_deleted_after_the_retention_period(night: Evening) -> None:
    vault = KeyVault(derive("a secret of the tests, long enough", PURPOSE))
    job = RetentionJob(night.db, night.clock, vault, SafetySettings())
    async with night.db.transaction() as conn:
        await keep_forecast(conn, forecast(NOW, event_id=night.event_id))
    night.clock.advance(timedelta(days=365))
    await job.delete_old()
    assert (await Watch(night).forecasts.latest(night.event_id)) is not None
    night.clock.advance(SECOND)
    await job.delete_old()
    assert (await Watch(night).forecasts.latest(night.event_id)) is None


async def test_a_new_process_goes_on_from_the_stored_pictures(night: Evening) -> None:
    stored = pictures(evening(3, people=600))[:60]
    async with night.db.transaction() as conn:
        for picture in stored:
            await keep_picture(conn, replace(picture, event_id=night.event_id))
    device = night.device()
    await night.send(device, night.scan(device, "ask", await night.ticket()))
    made = await Watch(night).made()
    assert made is not None
    counted = {one.code: one.entered[0].value for one in stored[-1].gates}
    assert made.inside == sum(value or 0 for code, value in counted.items() if code != "A1") + 1


async def test_the_gates_with_the_longest_queues_to_come_are_first(night: Evening) -> None:
    late, early = night.device("A2"), night.device("A1")
    tickets = await night.tickets(20)
    for device, count in ((early, 5), (late, 400)):
        await night.send(device, night.scan(device, "ask", tickets.pop()))
        await night.send(device, night.scan(device, "pulse", lane="arrived", count=count))
    made = await Watch(night).made()
    assert made is not None
    assert [one.code for one in made.gates] == ["A2", "A1"]
    assert made.gates[0].waiting_p95 > made.gates[1].waiting_p95


async def test_a_stored_evening_is_back_tested_by_the_command(
    night: Evening,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (SETTINGS | {"VIRAGE_DATABASE_URL": database_url, "VIRAGE_VAR_DIR": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)

    def run(event_id: UUID) -> int:
        try:
            cli(["safety", "backtest", str(event_id)], result_action="return_value")
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    assert await asyncio.to_thread(run, night.event_id) == 1
    assert "no stored pictures" in capsys.readouterr().out
    simulated = evening(3, people=600)
    blocks = {block.gate_group: block for block in stadium().blocks}
    async with night.db.transaction() as conn:
        await passes.issue(
            conn,
            [
                Issue(new_id(), night.event_id, blocks[group].first_seat + number, group, DOORS, DOORS + 5 * HOUR)
                for group, count in simulated.event.tickets.items()
                for number in range(count)
            ],
            NOW,
        )
        for picture in pictures(simulated):
            await keep_picture(conn, replace(picture, event_id=night.event_id))
        seen = await programme.event(conn, night.event_id)
        assert seen is not None
        assert msgspec.structs.asdict(await entry_event(conn, seen)) == msgspec.structs.asdict(simulated.event)
    assert await asyncio.to_thread(run, night.event_id) == 0
    printed = capsys.readouterr().out
    expected = summary(backtest(pictures(simulated), simulated.event, seed_of(night.event_id)))
    assert expected is not None
    assert f"{expected.outlooks} forecasts. In the band of 95 %: {expected.in_band:.3f}" in " ".join(printed.split())


async def test_controllers_of_the_event_read_the_ten_gates_that_will_have_the_longest_queues(room: ControlRoom) -> None:
    gates = [GateOutlook(f"G{number}", 0, number, 1.0, False) for number in range(12, 0, -1)]
    answer = await room.ask("GET", f"events/{room.event}/entry")
    assert answer.json() == {"forecast": None, "is_late": False, "limits": {}}
    async with room.world.db.transaction() as conn:
        await keep_forecast(conn, forecast(room.clock.now(), *gates, event_id=room.event))
    answer = await room.ask("GET", f"events/{room.event}/entry")
    assert [one["code"] for one in answer.json()["forecast"]["gates"]] == [f"G{number}" for number in range(12, 2, -1)]
    assert answer.json()["limits"] == {f"G{number}": 200 for number in range(3, 13)}
    fan = await room.world.signed_in("fan@example.org")
    assert (await room.ask("GET", f"events/{room.event}/entry", who=fan)).status_code in {403, 404}
