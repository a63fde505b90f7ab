import asyncio
from pathlib import Path

import pytest

from tests.azurite.server import Azurite
from virage.platform.data.objects import Full, Objects, StoreAway, open_store


@pytest.fixture(params=["folder", "Azure"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Objects:
    if request.param == "folder":
        return open_store(f"file://{tmp_path}/objects")
    server: Azurite = request.getfixturevalue("blobs")
    return open_store(server.container())


async def test_a_stored_object_can_be_read(store: Objects) -> None:
    await store.put("replay/cam-1/0001.mp4", b"goal")
    assert await store.get("replay/cam-1/0001.mp4") == b"goal"


async def test_a_second_put_replaces_the_first(store: Objects) -> None:
    await store.put("a", b"1")
    await store.put("a", b"22")
    assert await store.get("a") == b"22"


async def test_an_object_that_exists_is_not_new(store: Objects) -> None:
    assert await store.put_new("a", b"1")
    assert not await store.put_new("a", b"2")
    assert await store.get("a") == b"1"


async def test_a_missing_object_is_none(store: Objects) -> None:
    assert await store.get("nothing") is None
    await store.delete("nothing")


async def test_a_deleted_object_is_gone(store: Objects) -> None:
    await store.put("a", b"1")
    await store.delete("a")
    assert await store.get("a") is None


async def test_names_are_listed_by_folder_and_in_order(store: Objects) -> None:
    for name in ("b/2", "a/1", "b/1", "bb"):
        await store.put(name, b"")
    assert await store.names() == ["a/1", "b/1", "b/2", "bb"]
    assert await store.names("b") == ["b/1", "b/2"]


@pytest.mark.parametrize(
    "name", ["", "..", "../secret", "a/../../secret", "/etc/passwd", "a//b", "a/", "a/.hidden", "a\\b", "a\0", "é"]
)
async def test_a_name_that_leaves_the_store_is_refused(store: Objects, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    for act in (store.get(name), store.put(name, b"x"), store.put_new(name, b"x"), store.delete(name)):
        with pytest.raises(ValueError, match="not a valid object name"):
            await act
    assert (tmp_path / "secret").read_bytes() == b"secret"


async def test_a_put_leaves_no_half_written_file_beside_it(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/objects")
    await store.put("a/b", b"x" * 100_000)
    assert [path.name for path in (tmp_path / "objects" / "a").iterdir()] == ["b"]


async def test_a_full_disk_is_reported_and_leaves_no_partial_object(small_disk: Path) -> None:
    store = open_store(str(small_disk))
    await store.put("a", b"fits")
    with pytest.raises(Full):
        await store.put("b", bytes(3_000_000))
    assert await store.names() == ["a"]


async def test_an_unavailable_store_is_reported_and_keeps_confirmed_objects(blobs: Azurite) -> None:
    store = open_store(blobs.container())
    await store.put("a", b"1")
    blobs.stop()
    acts = (store.put("b", b"2"), store.get("a"), store.delete("a"), store.names())
    said = await asyncio.gather(*acts, return_exceptions=True)
    assert [type(one) for one in said] == [StoreAway] * len(acts)
    blobs.start()
    assert await store.get("a") == b"1"


def test_a_plain_path_is_a_local_store(tmp_path: Path) -> None:
    open_store(str(tmp_path / "plain"))
    assert (tmp_path / "plain").is_dir()


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="ftp"):
        open_store("ftp://somewhere")
