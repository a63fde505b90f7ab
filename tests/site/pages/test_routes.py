import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from virage.demo.pages import load_pages
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.site.pages import reads
from virage.site.pages.rules import PageKind

Ask = Callable[..., Awaitable[httpx.Response]]
TERMS = "/api/office/pages/terms/fr"


def draft(body: str = "Un texte.", revision: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "title": "Conditions", "body": body, "revision": revision, **more}


async def test_a_page_is_published_and_public(ask: Ask) -> None:
    assert (await ask("", "GET", "/api/pages/terms?language=fr")).status_code == 404
    first = await ask("admin", "PUT", TERMS, draft())
    assert (first.status_code, first.json()["revision"]) == (200, 1)
    page = (await ask("", "GET", "/api/pages/terms?language=fr-BE")).json()
    assert page == first.json()
    assert [(line["kind"], line["language"]) for line in (await ask("", "GET", "/api/pages")).json()] == [
        ("terms", "fr")
    ]


async def test_each_publication_is_a_new_version_and_older_ones_stay_readable(ask: Ask) -> None:
    first = (await ask("admin", "PUT", TERMS, draft("Un."))).json()
    second = (await ask("admin", "PUT", TERMS, draft("Deux.", 1))).json()
    assert (await ask("fan", "GET", "/api/pages/terms?language=fr")).json() == second
    assert (await ask("", "GET", f"/api/pages/versions/{first['id']}")).json() == first
    assert (await ask("admin", "GET", TERMS)).json() == [second, first]
    assert (await ask("", "GET", f"/api/pages/versions/{new_id()}")).status_code == 404


async def test_a_repeated_request_is_the_same_version(ask: Ask, conn: Connection) -> None:
    body = draft()
    answers = await asyncio.gather(*(ask("admin", "PUT", TERMS, body) for _ in range(6)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert await conn.fetchval("select count(*) from pages.version") == 1
    changed = await ask("admin", "PUT", TERMS, body | {"body": "Autre."})
    assert (changed.status_code, changed.json()["code"]) == (409, "id_taken")
    elsewhere = await ask("admin", "PUT", "/api/office/pages/terms/en", body)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "id_taken")


async def test_an_unchanged_text_is_no_new_version(ask: Ask) -> None:
    first = (await ask("admin", "PUT", TERMS, draft())).json()
    assert (await ask("admin", "PUT", TERMS, draft(revision=1))).json() == first


async def test_the_second_of_two_concurrent_editors_is_refused(ask: Ask) -> None:
    await ask("admin", "PUT", TERMS, draft("Un."))
    both = await asyncio.gather(*(ask("admin", "PUT", TERMS, draft(text, 1)) for text in ("Deux.", "Trois.")))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    refused = next(answer for answer in both if answer.status_code == 409).json()
    assert (refused["code"], refused["data"]) == ("changed_meanwhile", {"revision": 2})


@pytest.mark.parametrize("who", ["", "fan", "office", "event"])
async def test_only_a_global_administrator_edits_pages(ask: Ask, conn: Connection, who: str) -> None:
    status = 403 if who else 401
    assert (await ask(who, "PUT", TERMS, draft())).status_code == status
    assert (await ask(who, "GET", TERMS)).status_code == status
    assert await conn.fetchval("select count(*) from pages.version") == 0
    assert await conn.fetchval("select count(*) from kernel.journal") == 0


@pytest.mark.parametrize(
    "path", ["/api/office/pages/cookies/fr", "/api/office/pages/terms/x", "/api/office/pages/terms/fr_FR"]
)
async def test_an_unknown_page_or_language_is_refused(ask: Ask, path: str) -> None:
    assert (await ask("admin", "PUT", path, draft())).status_code == 404
    assert (await ask("", "GET", "/api/pages/cookies?language=fr")).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"body": ""}, {"title": " "}, {"title": "a\nb"}, {"body": "x" * 50_001}, {"revision": -1}, {"more": 1}]
)
async def test_bad_input_publishes_nothing(ask: Ask, conn: Connection, wrong: dict[str, Any]) -> None:
    assert (await ask("admin", "PUT", TERMS, draft() | wrong)).status_code == 400
    assert await conn.fetchval("select count(*) from pages.version") == 0


async def test_the_journal_has_the_version_without_its_text(ask: Ask, conn: Connection) -> None:
    published = (await ask("admin", "PUT", TERMS, draft("Un secret."))).json()
    (fact,) = await conn.fetch("select what, about, data::text from kernel.journal")
    assert (fact["what"], str(fact["about"])) == ("page_published", published["id"])
    assert "secret" not in fact["data"]


async def test_the_demo_has_every_page_in_each_language_marked_as_a_demo(
    db: Database, conn: Connection, clock: Clock
) -> None:
    for _ in range(2):
        async with db.transaction() as inside:
            await load_pages(inside, clock.now())
    there = {(page.kind, page.language) for page in await reads.in_force(conn)}
    assert there == {(kind, language) for kind in PageKind for language in ("fr", "en", "de")}
    assert len(await reads.terms_in_force(conn)) == 3
    bodies = [row["body"] for row in await conn.fetch("select body from pages.version")]
    marks = ("Texte de démonstration", "Demonstration text", "Beispieltext")
    assert all(any(mark in body for mark in marks) for body in bodies)
