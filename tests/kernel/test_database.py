from virage.kernel.database import Connection


async def test_jsonb_comes_back_as_the_values_that_went_in(conn: Connection) -> None:
    value = {"a": [1, 2.5, None, True], "é": "ü"}
    assert await conn.fetchval("select $1::jsonb", value) == value
