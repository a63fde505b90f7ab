import gzip

import httpx
import msgspec

from virage.venue.rules import load_ground
from virage.venue.rules.geometry import BlockLabels, Geometry

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
