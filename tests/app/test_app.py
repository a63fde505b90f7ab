from httpx import AsyncClient as Client


async def test_an_unknown_address_of_the_api_is_a_problem_and_never_a_page(client: Client) -> None:
    answer = await client.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_the_openapi_document_is_served(client: Client) -> None:
    answer = await client.get("/api/openapi.json")
    assert answer.json()["openapi"].startswith("3.1")


async def test_the_openapi_document_is_compressed_to_less_than_its_limit(client: Client) -> None:
    async with client.stream("GET", "/api/openapi.json", headers={"accept-encoding": "gzip"}) as answer:
        assert len(b"".join([part async for part in answer.aiter_raw()])) < 116_000


async def test_a_character_that_no_database_can_store_is_bad_input(client: Client) -> None:
    answer = await client.get("/api/food/sold-out", params={"outlet": "\0"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
