"""Packs and heartbeats: the pack that devices decide with offline, and the changes since."""

from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.matchday.access.conftest import MINUTE, SECOND
from virage.identity.passes import acts as passes
from virage.identity.passes.acts import BindingRequest
from virage.matchday.access.reads.packs import Packs
from virage.matchday.access.rules.pack import PACK_PURPOSE, Pack
from virage.platform.values.jwk import bytes_of_base64url
from virage.platform.web.guard import Grant, Principal

if TYPE_CHECKING:
    from tests.matchday.access.conftest import Device, Evening

PACK_GZ_MAX = 50_000
WHOLE = 59_186


async def sealed(evening: "Evening", device: "Device") -> dict[str, Any]:
    answer = await evening.ask(str(device.id), "GET", f"/api/access/pack/{evening.event_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def packed(evening: "Evening", device: "Device") -> Pack:
    return msgspec.json.decode(b64decode((await sealed(evening, device))["body"]), type=Pack)


async def beat(evening: "Evening", device: "Device", **more: Any) -> dict[str, Any]:
    body = {"event_id": str(evening.event_id), "gate": device.gate, "at": evening.clock.now().isoformat()} | more
    answer = await evening.ask(str(device.id), "POST", "/api/access/heartbeat", body)
    assert answer.status_code == 200, answer.text
    changes: dict[str, Any] = answer.json()["changes"]
    return changes


def bits(text: str) -> set[int]:
    data = b64decode(text)
    return {at for at in range(8 * len(data)) if data[at // 8] >> (at % 8) & 1}


async def test_a_pack_has_all_data_of_a_gate_and_is_signed_by_the_event(night: "Evening") -> None:
    device, (inside, revoked, printed, _) = night.device(), await night.tickets(4)
    await night.send(device, night.scan(device, "ask", inside))
    await night.revoke(revoked)
    await night.printed(printed)
    one = await sealed(night, device)
    pack = msgspec.json.decode(b64decode(one["body"]), type=Pack)
    assert pack.event.id == night.event_id
    assert (pack.passes, bits(pack.bitmaps.revoked), bits(pack.bitmaps.inside)) == (
        4,
        {revoked.number},
        {inside.number},
    )
    assert pack.generations == ((printed.number, 1),)
    assert set(pack.gates) == {"A1"}
    assert pack.hints["A1"]["B"].gate.startswith("B")
    assert len(pack.directory.places) == 3
    public = Ed25519PublicKey.from_public_bytes(bytes_of_base64url(pack.keys[0].x) or b"")
    public.verify(bytes_of_base64url(one["signature"]) or b"", PACK_PURPOSE + b64decode(one["body"]))
    assert pack.keys[0].kid == one["kid"]


async def test_a_new_pack_contains_all_changes_that_the_device_received(night: "Evening") -> None:
    packs, device, (revoked,) = Packs(night.db, night.clock), night.device(), await night.tickets(1)

    async def revoked_in(since: str | None) -> set[int]:
        pack = await packs.of(
            night.event_id, Principal("device", device.id, None, (Grant("gate", "gate", device.gate),)), since
        )
        return bits(pack.bitmaps.revoked) if pack else set()

    version = (await packed(night, device)).version
    assert await revoked_in(None) == set()
    await night.revoke(revoked)
    assert await revoked_in(version) == set(), "the pack is cached for some seconds"
    heard = await beat(night, device, version=version)
    assert heard["revoked"] == [revoked.number]
    assert await revoked_in(heard["version"]) == {revoked.number}
    assert await revoked_in("nonsense") == {revoked.number}


async def test_the_pack_of_a_whole_bowl_is_small(night: "Evening") -> None:
    """Every seat sold, half of them inside, one in twenty on its second generation, one in a hundred revoked."""
    device = night.device()
    await night.rows(
        "insert into passes.pass (subject, event_id, not_before, expires_at, number, place, gate_group, generation, "
        "revoked_at) select gen_random_uuid(), $1, $2::timestamptz, $3, n, n, chr(65 + n / 2400), "
        "(n * 7 % 20 = 0)::int, case when n * 13 % 100 = 0 then $2::timestamptz end "
        "from generate_series(0, $4::int - 1) as n",
        night.event_id,
        night.clock.now(),
        night.clock.now() + 60 * MINUTE,
        WHOLE,
    )
    await night.rows("insert into passes.counter values ($1, $2)", night.event_id, WHOLE)
    await night.rows(
        "insert into access.presence (event_id, pass_number, state, since, gate, entries) "
        "select $1, n, 'inside', $2, 'A1', 1 from generate_series(0, $3::int - 1) as n where hashint4(n) % 2 = 0",
        night.event_id,
        night.clock.now(),
        WHOLE,
    )
    await night.rows(
        "insert into ticketing.ticket (id, order_id, event_id, place, tariff, price_cents) "
        "select subject, md5((number / 3)::text)::uuid, event_id, place, 0, 1000 from passes.pass"
    )
    await night.rows(
        "insert into ticketing.orders (id, event_id, owner_id, held_at, expires_at, paid_at, fee_cents, total_cents, "
        "vat_permille, fee_vat_permille, state, code, places, tariffs, prices, ticket_ids) select md5(n::text)::uuid, "
        "$1, gen_random_uuid(), $2::timestamptz, $2, $2, 0, 0, 0, 0, 'paid', "
        "upper(substr(md5('c' || n), 1, 8)), '{}', '{}', '{}', '{}' from generate_series(0, $3::int) as n",
        night.event_id,
        night.clock.now(),
        WHOLE // 3,
    )
    answer = await night.ask(str(device.id), "GET", f"/api/access/pack/{night.event_id}")
    assert answer.headers["content-encoding"] == "gzip"
    pack = msgspec.json.decode(b64decode(answer.json()["body"]), type=Pack)
    assert (pack.passes, len(pack.directory.places)) == (WHOLE, 2376)
    assert int(answer.headers["content-length"]) <= PACK_GZ_MAX


async def test_a_heartbeat_returns_the_changes_since_the_pack(night: "Evening") -> None:
    device, other, (inside, gone, revoked, moved) = night.device(), night.device("A2"), await night.tickets(4)
    version = (await packed(night, device)).version
    await night.send(other, night.scan(other, "ask", inside), night.scan(other, "ask", gone))
    night.clock.advance(SECOND)
    await night.send(other, night.scan(other, "left", pass_number=gone.number))
    await night.revoke(revoked)
    async with night.db.transaction() as conn:
        await passes.rebind(conn, night.vault, [BindingRequest(moved.subject, device.key.jwk)], night.clock.now())
    changes = await beat(night, device, version=version)
    assert not changes["reload"]
    assert [(number, gate) for number, gate, _ in changes["inside"]] == [(inside.number, "A2")]
    assert [(number, gate) for number, gate, _ in changes["outside"]] == [(gone.number, "A2")]
    assert changes["revoked"] == [revoked.number]
    assert changes["generations"] == [[moved.number, 1]]
    again = await beat(night, device, version=changes["version"])
    assert (again["inside"], again["revoked"], again["reload"]) == ([], [], False)


async def test_a_suspended_pass_is_refused_at_once_and_again_admitted_once_it_is_reinstated(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    version = (await packed(night, device)).version

    async def asked() -> tuple[str, str | None]:
        (scanned,) = await night.send(device, night.scan(device, "ask", ticket, training=True))
        return scanned["outcome"], scanned.get("reason")

    async with night.db.transaction() as conn:
        assert await passes.suspend(conn, [ticket.subject], night.clock.now()) == {ticket.subject}
        assert await passes.suspend(conn, [ticket.subject], night.clock.now()) == set()
    assert await asked() == ("refused", "revoked")
    changes = await beat(night, device, version=version)
    assert (changes["revoked"], changes["reload"]) == ([ticket.number], False)
    assert bits((await packed(night, device)).bitmaps.revoked) == {ticket.number}
    async with night.db.transaction() as conn:
        assert await passes.reinstate(conn, [ticket.subject], night.clock.now()) == {ticket.subject}
    assert await asked() == ("admitted", None)
    assert (await beat(night, device, version=changes["version"]))["reload"], "a gate forgets no revoked pass by itself"
    assert bits((await packed(night, device)).bitmaps.revoked) == set()


@pytest.mark.parametrize("version", [None, "nonsense", "1-1"])
async def test_a_device_too_far_behind_downloads_its_pack_again(night: "Evening", version: str | None) -> None:
    device = night.device()
    fresh = (await packed(night, device)).version
    assert not (await beat(night, device, version=fresh))["reload"]
    assert (await beat(night, device, version=version))["reload"]


async def test_settings_of_gates_and_zones_reach_every_device(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket()
    night.knows("supervisor", Grant("supervisor"))
    version = (await packed(night, device)).version
    base = f"/api/access/events/{night.event_id}"

    async def say(path: str, word: dict[str, Any]) -> tuple[str, str | None]:
        answer = await night.ask("supervisor", "PUT", f"{base}/{path}", word)
        assert answer.status_code == 204, answer.text
        (scanned,) = await night.send(device, night.scan(device, "ask", ticket, training=True))
        return scanned["outcome"], scanned.get("reason")

    assert await say("venue", {"closed": True}) == ("refused", "no_entry")
    assert (await beat(night, device, version=version))["gates"]["A1"]["closed"]
    assert await say("venue", {"closed": False}) == ("admitted", None)
    assert await say("gates/A1", {"closed": True}) == ("refused", "no_entry")
    assert await say("gates/A1", {"extra_groups": ["PRESS"]}) == ("admitted", None)
    assert await say("zones/N", {"full": True}) == ("refused", "zone_full")
    changes = await beat(night, device, version=version)
    assert changes["gates"]["A1"] == {"groups": ["A", "PRESS"], "zone": "N", "turnstile": False, "closed": False}
    assert changes["zones"]["N"] == {"full": True}
    assert await say("zones/N", {"full": False}) == ("admitted", None)
    facts = await night.rows("select what from kernel.journal where what like '%changed' order by seq")
    assert [fact["what"] for fact in facts].count("ground_changed") == 2


async def test_a_group_of_tickets_gets_no_window_because_tickets_admit_once(night: "Evening") -> None:
    device, far, ticket = night.device(), night.device("A2"), await night.ticket()
    night.knows("supervisor", Grant("supervisor"))
    now = night.clock.now()
    window = {"opens_at": (now - MINUTE).isoformat(), "closes_at": (now + MINUTE).isoformat()}
    path = f"/api/access/events/{night.event_id}/windows/A"
    assert (await night.ask("supervisor", "PUT", path, window)).status_code == 400
    answers = [(await night.send(at, night.scan(at, "ask", ticket)))[0]["outcome"] for at in (device, far)]
    assert answers == ["admitted", "refused"]


async def test_an_accreditation_enters_and_leaves_within_its_window(night: "Evening") -> None:
    device, press = night.device(), await night.ticket(gate_group="PRESS")
    night.knows("supervisor", Grant("supervisor"))
    base, now = f"/api/access/events/{night.event_id}", night.clock.now()
    await night.ask("supervisor", "PUT", f"{base}/gates/A1", {"extra_groups": ["PRESS"]})
    window = {"opens_at": (now - MINUTE).isoformat(), "closes_at": (now + MINUTE).isoformat()}
    version = (await packed(night, device)).version
    assert (await night.ask("supervisor", "PUT", f"{base}/windows/PRESS", window)).status_code == 204
    assert (await beat(night, device, version=version))["reload"], "only the pack has windows"
    for _ in range(2):
        (answer,) = await night.send(device, night.scan(device, "ask", press))
        assert answer["outcome"] == "admitted"
        night.clock.advance(10 * SECOND)
    night.clock.advance(MINUTE)
    (answer,) = await night.send(device, night.scan(device, "ask", press))
    assert (answer["outcome"], answer["reason"]) == ("refused", "not_now")
    assert await night.rows("select 1 from access.duplicate") == []


async def test_only_supervisors_change_gates_and_zones_and_only_their_own(night: "Evening") -> None:
    night.knows("steward", Grant("steward"))
    night.knows("gate", Grant("supervisor", "gate", "A"))
    night.knows("elsewhere", Grant("supervisor", "event", night.device().id))
    base = f"/api/access/events/{night.event_id}"
    assert (await night.ask("steward", "PUT", f"{base}/venue", {"closed": True})).status_code == 403
    assert (await night.ask("elsewhere", "PUT", f"{base}/venue", {"closed": True})).status_code == 404
    assert (await night.ask("gate", "PUT", f"{base}/venue", {"closed": True})).status_code == 403
    assert (await night.ask("gate", "PUT", f"{base}/gates/A1", {"closed": True})).status_code == 204
    assert (await night.ask("gate", "PUT", f"{base}/gates/B1", {"closed": True})).status_code == 403


async def test_a_refusal_at_a_wrong_gate_has_the_route_to_the_right_one(night: "Evening") -> None:
    device, ticket = night.device(), await night.ticket("Q1")
    (answer,) = await night.send(device, night.scan(device, "ask", ticket))
    assert answer["data"]["group"] == "Q"
    assert answer["data"]["gate"].startswith("Q")
    assert answer["data"]["turn"] in ("left", "right")
    assert answer["data"]["metres"] > 100
