import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from virage.app.building import build
from virage.app.emails import COMPOSERS
from virage.identity.people.jobs.email_sender import EmailSender
from virage.identity.people.rules.emails import Email, EmailContent, EmailJob
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.store import emails as letter_store
from virage.platform.data.database import Connection, Database
from virage.platform.mail.messages import Attachment, Rendered
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.http import Application

PATHS = ("/mailbox", "/mailbox/style.css", "/api/mailbox", f"/mailbox/{UUID(int=7)}", f"/mailbox/{UUID(int=7)}/files/0")


def browser_at(app: Application, address: str, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(peer, 5000))
    return httpx.AsyncClient(transport=transport, base_url=address)


@pytest.fixture
def config(config: Config) -> Config:
    """A demo whose address is its own machine's."""
    return msgspec.structs.replace(config, public_url="http://localhost:8000")


@pytest.fixture
async def here(app: Application, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the machine itself."""
    async with browser_at(app, "http://localhost:8000") as browser:
        yield browser


async def test_the_mailbox_is_readable_on_the_machine_itself(
    here: httpx.AsyncClient, emails: Any, db: Database, config: Any, clock: Any
) -> None:
    await here.post("/api/sign-in/codes", json={"email": "fan@example.org", "locale": "en"})
    code, ids = await emails.code("fan@example.org"), await emails.ids()
    await EmailSender(db, config, clock, COMPOSERS)(EmailJob(ids[0]))
    (email,) = (await here.get("/api/mailbox")).json()
    assert email["recipient"] == "fan@example.org"
    assert code in email["body"]
    page = await here.get("/mailbox")
    assert page.headers["content-type"].startswith("text/html")
    assert code in page.text
    assert page.headers["cache-control"] == "no-store"


EVIL = Rendered(
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<script>alert(1)</script><p>Letter</p>",
    [Attachment('a "receipt".pdf', "application/pdf", b"%PDF")],
)


async def test_emails_of_one_moment_arrive_each_once_with_its_own_text(
    here: httpx.AsyncClient, emails: Any, db: Database, *, config: Any, clock: Any, conn: Connection
) -> None:
    fans = [f"fan{number}@example.org" for number in range(3)]
    for fan in fans:
        await here.post("/api/sign-in/codes", json={"email": fan, "locale": "en"})
    ids, codes = await emails.ids(), [await emails.code(fan) for fan in fans]
    written = asyncio.Barrier(4)

    async def composed(conn: Connection, email: Email) -> EmailContent | None:
        """Wait until all of them are composed: they end at the same moment."""
        content = await COMPOSERS[email.kind](conn, email)
        await written.wait()
        return content

    send = EmailSender(db, config, clock, dict.fromkeys(COMPOSERS, composed))
    await asyncio.gather(*(send(EmailJob(id_)) for id_ in [*ids, ids[0]]))  # a job that another worker repeats
    arrived = {email["recipient"]: email["body"] for email in (await here.get("/api/mailbox")).json()}
    assert sorted(arrived) == fans
    assert all(code in arrived[fan] for fan, code in zip(fans, codes, strict=True))
    rows = await conn.fetch("select id, state, secret from people.letter order by id")
    assert [(row["id"], row["state"], row["secret"]) for row in rows] == [(id_, "delivered", None) for id_ in ids]
    kept = await letter_store.emails(conn, [people_config_of(config).keys], None, None, 10)
    assert {email.id: email.to for email in kept} == dict(zip(ids, fans, strict=True))


async def test_the_files_of_emails_that_arrive_together_stay_with_their_emails(
    here: httpx.AsyncClient, db: Database, clock: Any
) -> None:
    def letter(*names: str) -> Rendered:
        return Rendered(
            "Subject", "Text", "<p>Text</p>", [Attachment(name, "text/plain", name.encode()) for name in names]
        )

    first, second, third = letters = [new_id(), new_id(), new_id()]
    made = dict(zip(letters, [letter("a", "b"), letter(), letter("c")], strict=True))
    async with db.transaction() as conn:
        await letter_store.deliver(conn, {first: (f"{first}@example.org", made[first])}, clock.now())
        again = {id_: (f"{id_}@example.org", rendered) for id_, rendered in made.items()}
        await letter_store.deliver(conn, again, clock.now())
    found = {
        email["id"]: [file["name"] for file in email["files"]] for email in (await here.get("/api/mailbox")).json()
    }
    assert found == {str(first): ["a", "b"], str(second): [], str(third): ["c"]}
    answer = await here.get(f"/mailbox/{third}/files/0")
    assert answer.content == b"c"


async def test_the_mailbox_page_obeys_the_policy_and_shows_emails_as_text(
    here: httpx.AsyncClient, db: Database, clock: Any
) -> None:
    async with db.transaction() as conn:
        await letter_store.deliver(conn, {new_id(): ("fan@example.org", EVIL)}, clock.now())
    page = await here.get("/mailbox")
    assert "style-src 'self'" in page.headers["content-security-policy"]
    for forbidden in ("<script", "<style", "style=", "<img"):
        assert forbidden not in page.text
    assert (await here.get("/mailbox/style.css")).headers["content-type"].startswith("text/css")


async def test_an_email_is_shown_in_a_sandboxed_frame(here: httpx.AsyncClient, db: Database, clock: Any) -> None:
    email_id = new_id()
    async with db.transaction() as conn:
        await letter_store.deliver(conn, {email_id: ("fan@example.org", EVIL)}, clock.now())
    shown = await here.get(f"/mailbox/{email_id}")
    policy = shown.headers["content-security-policy"].split("; ")
    sandbox = "sandbox allow-popups allow-popups-to-escape-sandbox"
    assert {"default-src 'none'", "frame-ancestors 'self'", sandbox} <= set(policy)
    assert not any(part.startswith("script-src") for part in policy)
    assert f'src="/mailbox/{email_id}"' in (await here.get("/mailbox")).text
    file = await here.get(f"/mailbox/{email_id}/files/0")
    assert (file.content, file.headers["content-type"]) == (b"%PDF", "application/pdf")
    assert file.headers["content-disposition"].startswith("attachment")
    for path in (f"/mailbox/{new_id()}", f"/mailbox/{email_id}/files/1"):
        assert (await here.get(path)).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_the_mailbox_is_hidden_from_other_machines(
    app: Application, client: httpx.AsyncClient, path: str
) -> None:
    for address, peer in (("http://localhost", "192.0.2.7"), ("http://rebound.example", "127.0.0.1")):
        async with browser_at(app, address, peer) as elsewhere:
            assert (await elsewhere.get(path)).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_a_demonstration_with_another_address_shows_no_mailbox(
    config: Any, db: Database, clock: Any, path: str
) -> None:
    public = msgspec.structs.replace(config, public_url="https://tickets.example.org")
    async with browser_at(build(public, db, clock), "http://localhost") as browser:
        assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("path", PATHS)
async def test_no_production_system_has_a_mailbox(config: Any, db: Database, clock: Any, path: str) -> None:
    app = build(msgspec.structs.replace(config, demo=False), db, clock)
    async with browser_at(app, "http://localhost") as browser:
        assert (await browser.get(path)).status_code == 404
