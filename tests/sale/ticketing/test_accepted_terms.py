from datetime import UTC, datetime
from typing import Any

from tests.sale.ticketing.conftest import Box, System
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.site.pages import acts as pages
from virage.site.pages.rules import PageDraft, PageKey, PageKind, PageVersion

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


async def terms(conn: Connection, body: str, revision: int = 0, language: str = "fr") -> str:
    """Publish terms of sale; return the id of the version."""
    draft = PageDraft(new_id(), "Conditions", body, revision)
    published = await pages.publish(conn, PageKey(PageKind.TERMS, language), draft, None, NOW)
    assert isinstance(published, PageVersion)
    return str(published.id)


async def pay(box: Box, order_id: str, version: str | None) -> Any:
    return await box.ask("POST", f"/api/orders/{order_id}/payment", {"payment_id": str(new_id()), "terms": version})


async def test_a_buyer_pays_only_after_accepting_the_terms_in_force(system: System, conn: Connection) -> None:
    fan = await system.fan()
    first = await terms(conn, "Un.")
    order = await fan.best()
    for wrong in (None, str(new_id())):
        answer = await pay(fan, order["id"], wrong)
        assert (answer.status_code, answer.json()["code"]) == (409, "terms_not_accepted")
    assert (await fan.ask("GET", f"/api/orders/{order['id']}")).json()["state"] == "held"
    second = await terms(conn, "Deux.", 1)
    assert (await pay(fan, order["id"], first)).json()["code"] == "terms_not_accepted"
    assert (await pay(fan, order["id"], second)).status_code == 200
    kept = (await fan.ask("GET", f"/api/orders/{order['id']}/terms")).json()
    assert kept["version_id"] == second


async def test_any_language_of_the_terms_may_be_accepted(system: System, conn: Connection) -> None:
    fan = await system.fan()
    await terms(conn, "Un.")
    english = await terms(conn, "One.", language="en")
    order = await fan.best()
    assert (await pay(fan, order["id"], english)).status_code == 200


async def test_without_published_terms_an_order_is_paid_without_acceptance(system: System) -> None:
    fan = await system.fan()
    order = await fan.best()
    assert (await fan.pay(order["id"])).status_code == 200
    assert (await fan.ask("GET", f"/api/orders/{order['id']}/terms")).json() is None


async def test_terms_that_change_during_a_payment_need_no_second_acceptance(system: System, conn: Connection) -> None:
    fan = await system.fan()
    first = await terms(conn, "Un.")
    order = await fan.best()
    assert (await pay(fan, order["id"], first)).status_code == 200
    await terms(conn, "Deux.", 1)
    assert (await pay(fan, order["id"], None)).status_code == 200
    assert (await fan.ask("GET", f"/api/orders/{order['id']}/terms")).json()["version_id"] == first
