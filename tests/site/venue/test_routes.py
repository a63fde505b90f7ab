import gzip
from datetime import UTC, datetime
from uuid import UUID

import httpx
import msgspec
import numpy as np

from virage.platform.data.database import Database
from virage.site.venue import acts, reads
from virage.site.venue.rules import Feature, load_ground
from virage.site.venue.rules.geometry import BlockLabels, Geometry

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
STEWARD = UUID("01970000-0000-7000-8000-000000000001")
FOR_EVER = "public, max-age=31536000, immutable"


async def geometry_address(client: httpx.AsyncClient) -> str:
    answer = await client.get("/api/ground")
    assert answer.status_code == 200
    return f"/api/ground/{answer.json()['version']}/geometry"


async def test_the_ground_names_its_version_and_says_that_it_is_an_approximation(client: httpx.AsyncClient) -> None:
    ground = (await client.get("/api/ground")).json()
    assert ground["version"] == load_ground().version
    assert ground["seats"] == 59_186
    assert ground["places"] == 77_186
    assert "approximated" in ground["notice"]["en"]
    assert "approché" in ground["notice"]["fr"]


async def test_the_geometry_is_small_and_kept_for_ever(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", await geometry_address(client), headers={"accept-encoding": "gzip, br"}) as answer:
        sent = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert len(sent) <= 50_000
    document = msgspec.json.decode(gzip.decompress(sent), type=Geometry)
    assert sum(block.seat_count for block in document.blocks) == document.seats == 59_186


async def test_the_geometry_comes_plain_to_whoever_cannot_unpack(client: httpx.AsyncClient) -> None:
    answer = await client.get(await geometry_address(client), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert msgspec.json.decode(answer.content, type=Geometry).version == load_ground().version


async def test_the_labels_of_a_block_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/api/ground/{load_ground().version}/labels/203")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_EVER
    assert msgspec.json.decode(answer.content, type=BlockLabels).block == "203"


async def test_another_version_and_an_unknown_block_are_not_found(client: httpx.AsyncClient) -> None:
    version = load_ground().version
    for path in ("/api/ground/0/geometry", "/api/ground/0/labels/203", f"/api/ground/{version}/labels/999"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "not_found"
        assert "cache-control" not in answer.headers or answer.headers["cache-control"] != FOR_EVER


async def test_the_openapi_document_describes_the_geometry(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    answer = document["paths"]["/api/ground/{version}/geometry"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/Geometry")


def a_wheelchair_space_upstairs() -> int:
    ground = load_ground()
    spaces = np.flatnonzero(ground.features & Feature.WHEELCHAIR)
    return int(next(place for place in spaces if ground.blocks[ground.block[place]].ring == 3))


async def test_a_way_leads_from_a_ramp_through_a_gate_to_the_seat(client: httpx.AsyncClient) -> None:
    found = (await client.get("/api/ground/way", params={"place": 12_345})).json()
    assert found["ramp"].startswith("ramp:")
    assert found["gate"].startswith(f"gate:{load_ground().label(12_345).gate_group}")
    assert found["way"]["legs"][0]["floor"] == "road"
    assert found["way"]["legs"][-1]["to"] == "seat"


async def test_a_lift_that_a_steward_reports_is_avoided_until_it_works_again(
    client: httpx.AsyncClient, db: Database
) -> None:
    asked = {"place": a_wheelchair_space_upstairs(), "step_free": True}

    async def lifts_on_the_way() -> set[str]:
        found = (await client.get("/api/ground/way", params=asked)).json()
        assert found["way"]["step_free"]
        return {leg["to"] for leg in found["way"]["legs"] if leg["kind"] == "lift"}

    (lift,) = await lifts_on_the_way()
    for _ in range(2):  # said twice, it is one outage
        async with db.transaction() as conn:
            assert await acts.set_lift(conn, lift, STEWARD, NOW, working=False) is None
    assert lift not in await lifts_on_the_way()
    told = {one["code"]: one["out_of_order_since"] for one in (await client.get("/api/ground/lifts")).json()}
    assert [code for code, since in told.items() if since] == [lift]
    async with db.transaction() as conn:
        assert await acts.set_lift(conn, lift, STEWARD, NOW, working=True) is None
    assert await lifts_on_the_way() == {lift}
    async with db.connection() as conn:
        facts = await conn.fetch("select what from kernel.journal where what like 'lift%' order by seq")
    assert [fact["what"] for fact in facts] == ["lift_out_of_order", "lift_works_again"]


async def test_a_lift_nobody_knows_is_not_found(db: Database) -> None:
    async with db.transaction() as conn:
        refused = await acts.set_lift(conn, "lift-X-9", STEWARD, NOW, working=False)
    assert refused is not None
    assert refused.reason == "not_found"


async def test_without_a_way_it_is_said_that_there_is_none(client: httpx.AsyncClient, db: Database) -> None:
    place = a_wheelchair_space_upstairs()
    async with db.transaction() as conn:
        for lift in await reads.lifts(conn):
            assert await acts.set_lift(conn, lift.code, STEWARD, NOW, working=False) is None
    for path in ("/api/ground/way", "/api/ground/nearest"):
        answer = await client.get(path, params={"place": place, "step_free": True, "what": "exit"})
        assert answer.status_code == 409
        assert answer.json()["code"] == "no_way"


async def test_what_is_nearest_to_a_seat_is_found(client: httpx.AsyncClient) -> None:
    for what in ("outlet", "toilets", "first_aid", "information", "exit"):
        found = (await client.get("/api/ground/nearest", params={"place": 40_000, "what": what})).json()
        assert found["seconds"] > 0
        assert found["legs"][0]["to"] == "row"


async def test_a_place_or_a_wish_that_nobody_has_is_refused(client: httpx.AsyncClient) -> None:
    for place in (load_ground().places, 10**12):
        assert (await client.get("/api/ground/way", params={"place": place})).status_code == 404
    for wrong in ({"place": -1}, {"place": "x"}, {}):
        assert (await client.get("/api/ground/way", params=wrong)).status_code == 400
    assert (await client.get("/api/ground/nearest", params={"place": 1, "what": "gold"})).status_code == 400
