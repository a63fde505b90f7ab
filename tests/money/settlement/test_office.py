"""The office of payments: payouts, items, cases, search and import, over HTTP."""

import csv
import io
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from tests.money.settlement.conftest import Office
from tests.money.settlement.statements import camt053
from virage.identity.people import api as people
from virage.identity.people.acts import open_session
from virage.money.settlement.rules.csv_statement import CsvColumns, DateOrder
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

ROOT = "/api/office/payments"


class Finance:
    """A signed-in person of finance."""

    def __init__(self, client: httpx.AsyncClient, cookie: str) -> None:
        self._client = client
        self._headers = {"cookie": cookie}

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self._client.get(ROOT + path, params=params, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.headers["content-type"].startswith("application/json") else answer.text

    async def send(self, method: str, path: str, data: Any, status: int = 200) -> Any:
        answer = await self._client.request(method, ROOT + path, json=data, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def upload(self, path: str, raw: bytes, status: int = 200, **params: str) -> Any:
        answer = await self._client.post(ROOT + path, params=params, content=raw, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json()


async def signed_in(office: Office, client: httpx.AsyncClient, grant: Grant) -> Finance:
    async with office.db.transaction() as conn:
        now = office.clock.now()
        person = await people.ensure_staff(conn, "fin@example.org", "Finance Person", (grant,), now)
        session = await open_session(conn, person, now)
    return Finance(client, f"__Host-virage={session.token}")


@pytest.fixture
async def finance(office: Office, client: httpx.AsyncClient) -> Finance:
    return await signed_in(office, client, Grant("finance"))


async def paid_out(office: Office, *cents: int) -> Any:
    ids = await office.sell(*cents)
    payout = office.balance.pay_out()
    await office.reconcile()
    return ids, payout


async def test_a_payout_is_paid_then_matched_by_an_imported_statement(office: Office, finance: Finance) -> None:
    _, payout = await paid_out(office, 5000, 2000)
    (line,) = await finance.get("/payouts")
    assert (line["standing"], line["totals"]["gross_cents"], line["line"]) == ("paid", 7000, None)
    day = office.clock.now().date()
    raw = camt053([(day, payout["amount"], f"STRIPE {payout['trace_id']['value']}"), (day, -100, "Rent")])
    check = await finance.upload("/statements/check", raw)
    assert (check["format"], check["defects"], check["statements"][0]["lines"]) == ("camt053", [], 2)
    imported = await finance.upload("/statements", raw, file_name="may.xml")
    assert imported == {"lines": 2, "new_lines": 2, "matched": 1}
    assert await finance.upload("/statements", raw) == {"lines": 2, "new_lines": 0, "matched": 0}
    (line,) = await finance.get("/payouts")
    assert (line["standing"], line["line"]["matched_by"]) == ("matched", "reference")
    statements = (await finance.get("/statements"))["statements"]
    assert [(one["file_name"], one["new_count"]) for one in statements] == [("may.xml", 2)]


async def test_a_statement_with_defects_imports_nothing(office: Office, finance: Finance) -> None:
    raw = camt053([(office.clock.now().date(), 100, "a")], closing=1)
    problem = await finance.upload("/statements", raw, 422)
    assert (problem["code"], problem["data"]["defects"][0]["code"]) == ("statement_invalid", "balance_differs")
    assert (await finance.get("/statements"))["statements"] == []


async def test_the_columns_of_a_csv_file_are_remembered_by_its_account(office: Office, finance: Finance) -> None:
    _, payout = await paid_out(office, 5000)
    day, cents = office.clock.now().date(), payout["amount"]
    raw = f"Date,Text,Amount\n{day},STRIPE,{cents / 100:.2f}\n".encode()
    assert (await finance.upload("/statements/check", raw))["preview"]["rows"][0] == ["Date", "Text", "Amount"]
    order = DateOrder.YEAR_MONTH_DAY
    columns = CsvColumns(0, amount=2, text=[1], delimiter=",", decimal_comma=False, order=order)
    chosen = msgspec.json.encode(columns).decode()
    assert (await finance.upload("/statements/check", raw, account="FR76", columns=chosen))["defects"] == []
    assert (await finance.upload("/statements", raw, account="fr 76", columns=chosen))["matched"] == 1
    (account,) = (await finance.get("/statements"))["accounts"]
    assert (account["id"], account["mapping"]["order"], account["mapping"]["text"]) == ("FR76", "ymd", [1])
    await finance.upload("/statements", raw, 400, columns="{")
    await finance.upload("/statements", raw, 422)


async def test_an_item_is_taken_annotated_and_explained_once(office: Office, finance: Finance) -> None:
    await office.capture(1000)
    office.balance.add("other_adjustment", -700)
    office.balance.pay_out()
    await office.reconcile()
    (item,) = await finance.get("/items")
    assert (item["kind"], item["assignee"]) == ("needs_explanation", None)
    path = f"/items/{item['id']}"
    assert (await finance.send("PUT", f"{path}/assignee", {"mine": True}))["assignee"] == "Finance Person"
    note = {"id": str(new_id()), "text": "Asked the provider."}
    for _ in range(2):
        noted = await finance.send("POST", f"{path}/notes", note)
    assert [(one["author"], one["text"]) for one in noted["notes"]] == [("Finance Person", "Asked the provider.")]
    ending = {"resolution": "explained", "note_id": str(new_id())}
    refused = await finance.send("PUT", f"{path}/resolution", ending, 409)
    assert refused["code"] == "note_missing"
    done = await finance.send("PUT", f"{path}/resolution", ending | {"note": "A correction of April."})
    assert (done["resolution"], done["resolved_by"], len(done["notes"])) == ("explained", "Finance Person", 2)
    again = await finance.send("PUT", f"{path}/resolution", ending | {"note": "Again."}, 409)
    assert again["code"] == "item_resolved"
    refused = await finance.send("PUT", f"{path}/assignee", {"mine": False}, 409)
    assert refused["code"] == "item_resolved"
    assert await finance.get("/items") == []
    assert [one["id"] for one in await finance.get("/items", resolved=True)] == [item["id"]]
    async with office.db.connection() as conn:
        facts = await conn.fetch("select what, data from kernel.journal where about = $1 order by seq", item["id"])
    assert [fact["what"] for fact in facts] == [
        "settlement_item_opened",
        "settlement_item_assigned",
        "settlement_item_resolved",
    ]
    assert "April" not in str([fact["data"] for fact in facts])


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ({"resolution": "later", "note": "x"}, "match_invalid"),
        ({"resolution": "matched", "note": "x"}, "match_invalid"),
        ({"resolution": "written_off", "note": " "}, "note_missing"),
    ],
)
async def test_an_item_is_not_resolved_without_a_reason(
    office: Office, finance: Finance, ending: dict[str, str], code: str
) -> None:
    await office.capture(1000)
    office.balance.add("charge", 700)
    office.balance.pay_out()
    await office.reconcile()
    (item,) = await finance.get("/items")
    path = f"/items/{item['id']}/resolution"
    assert (await finance.send("PUT", path, ending | {"note_id": str(new_id())}, 409))["code"] == code
    assert [one["id"] for one in await finance.get("/items")] == [item["id"]]


async def test_an_item_is_matched_by_hand_only_with_what_exists(office: Office, finance: Finance) -> None:
    (paid,), payout = await paid_out(office, 5000)
    await office.book((office.clock.now().date(), 1, "STRIPE"))
    (line,) = (one["line"]["id"] for one in await finance.get("/items"))
    entry = office.balance.of_payout[payout["id"]][0]["id"]
    for known in (str(paid), payout["id"], entry, line):
        office.balance.add("other_adjustment", -700)
        office.balance.pay_out()
        await office.reconcile()
        item = next(one for one in await finance.get("/items") if one["kind"] == "needs_explanation")
        path, ending = f"/items/{item['id']}/resolution", {"resolution": "matched", "note_id": str(new_id())}
        for unknown in (str(new_id()), "po_unknown"):
            refused = await finance.send("PUT", path, ending | {"matched_to": unknown}, 409)
            assert refused["code"] == "match_invalid"
        assert (await finance.send("PUT", path, ending | {"matched_to": known}))["matched_to"] == known


async def test_a_payout_with_a_resolved_item_no_longer_differs(office: Office, finance: Finance) -> None:
    await office.sell(5000)
    office.balance.add("other_adjustment", -700)
    office.balance.pay_out()
    await office.reconcile()
    (payout,) = await finance.get("/payouts")
    assert payout["standing"] == "differs"
    (item,) = await finance.get("/items")
    ending = {"resolution": "written_off", "note_id": str(new_id()), "note": "Too small to ask."}
    await finance.send("PUT", f"/items/{item['id']}/resolution", ending)
    detail = await finance.get(f"/payouts/{payout['id']}")
    assert (detail["payout"]["standing"], [one["resolution"] for one in detail["items"]]) == ("paid", ["written_off"])


async def test_a_payout_is_matched_by_hand_with_a_line_nearby(office: Office, finance: Finance) -> None:
    for _ in range(2):
        await office.sell(5000)
        office.balance.pay_out(trace_id=None)
    await office.reconcile()
    first = (await finance.get("/payouts"))[0]
    day = office.clock.now().date()
    await office.book((day, first["amount_cents"], "STRIPE one"), (day, first["amount_cents"], "STRIPE two"))
    detail = await finance.get(f"/payouts/{first['id']}")
    assert len(detail["candidates"]) == 2
    choice = {"line_id": detail["candidates"][0]["id"]}
    await finance.send("PUT", f"/payouts/{first['id']}/line", choice, 204)
    assert (await finance.get(f"/payouts/{first['id']}"))["payout"]["line"]["matched_by"] == "hand"


async def test_entries_are_filtered_and_paged_and_exported(office: Office, finance: Finance) -> None:
    ids, _ = await paid_out(office, *[500 + number for number in range(120)])
    (payout,) = await finance.get("/payouts")
    path = f"/payouts/{payout['id']}/entries"
    first = await finance.get(path, kind="charge")
    last = first["entries"][-1]
    rest = await finance.get(path, kind="charge", after_at=last["created_at"], after=last["id"])
    assert (len(first["entries"]), first["more"], len(rest["entries"]), rest["more"]) == (100, True, 20, False)
    assert {one["payment_id"] for one in [*first["entries"], *rest["entries"]]} == {str(id_) for id_ in ids}
    assert (await finance.get(path, unmatched=True))["entries"] == []
    rows = list(csv.DictReader(io.StringIO(await finance.get(f"{path}.csv"))))
    assert len(rows) == 121
    assert {row["payment"] for row in rows if row["kind"] == "charge"} == {str(id_) for id_ in ids}
    assert sum(round(float(row["net"]) * 100) for row in rows if row["kind"] != "payout") == payout["amount_cents"]


async def test_a_payment_is_shown_from_its_creation_to_the_bank(office: Office, finance: Finance) -> None:
    (paid,) = await office.sell(5000)
    refund = await office.refund(paid, 1000)
    office.clock.advance(timedelta(hours=1))
    office.refund_entry(refund, -1000)
    payout = office.balance.pay_out()
    await office.reconcile()
    await office.book((office.clock.now().date(), payout["amount"], payout["trace_id"]["value"]))
    case = await finance.get(f"/{paid}")
    assert (case["captured_cents"], case["refund_cents"], case["state"]) == (5000, 1000, "partly_refunded")
    assert [one["kind"] for one in case["entries"]] == ["charge", "refund"]
    assert [one["line"]["amount_cents"] for one in case["payouts"]] == [payout["amount"]]
    assert [one["id"] for one in case["refunds"]] == [str(refund)]
    assert {one["what"] for one in case["history"]} == {
        "created",
        "captured",
        "refund_requested",
        "refund_done",
        "entry_charge",
        "entry_refund",
        "payout",
    }
    assert [one["at"] for one in case["history"]] == sorted(one["at"] for one in case["history"])


async def test_a_search_finds_by_each_id_and_by_the_amount(office: Office, finance: Finance) -> None:
    (paid,), payout = await paid_out(office, 5050)
    (payment,) = (await finance.get("/search", q=str(paid)))["payments"]
    assert payment["id"] == str(paid)
    entry = next(one for one in office.balance.of_payout[payout["id"]] if one["type"] == "charge")
    case = await finance.get(f"/{paid}")
    for query in (case["subject"], "50,50", "50.50", entry["id"], entry["source"]["payment_intent"]):
        found = await finance.get("/search", q=query)
        assert [one["id"] for one in found["payments"]] == [str(paid)], query
    for query in (payout["id"], payout["trace_id"]["value"], str(payout["amount"] / 100)):
        assert [one["ref"] for one in (await finance.get("/search", q=query))["payouts"]] == [payout["id"]]
    assert await finance.get("/search", q="nothing") == {"payments": [], "payouts": [], "items": [], "lines": []}


async def test_an_unknown_payout_payment_or_item_is_not_found(finance: Finance) -> None:
    nobody = new_id()
    for method, path, data in (
        ("GET", f"/payouts/{nobody}", None),
        ("GET", f"/payouts/{nobody}/entries.csv", None),
        ("GET", f"/{nobody}", None),
        ("PUT", f"/payouts/{nobody}/line", {"line_id": str(nobody)}),
        ("PUT", f"/items/{nobody}/assignee", {"mine": True}),
        ("POST", f"/items/{nobody}/notes", {"id": str(nobody), "text": "x"}),
        ("PUT", f"/items/{nobody}/resolution", {"resolution": "explained", "note_id": str(nobody), "note": "x"}),
    ):
        assert (await finance.send(method, path, data, 404))["code"] == "not_found"


@pytest.mark.parametrize("scope", ["organiser", "event", "outlet"])
async def test_finance_of_a_part_of_the_deployment_sees_no_payments(
    office: Office, client: httpx.AsyncClient, scope: str
) -> None:
    (paid,), _ = await paid_out(office, 5000)
    office.balance.add("other_adjustment", -700)
    office.balance.pay_out()
    await office.reconcile()
    payout, (item,) = (await office.payouts())[0].id, await office.items()
    part = await signed_in(office, client, Grant("finance", scope, "01" if scope == "outlet" else str(new_id())))
    note = str(new_id())
    ending = {"resolution": "explained", "note_id": note, "note": "x"}
    for method, path, data in (
        ("GET", "/payouts", None),
        ("GET", "/items", None),
        ("GET", "/statements", None),
        ("GET", "/search?q=5000", None),
        ("GET", f"/{paid}", None),
        ("GET", f"/payouts/{payout}", None),
        ("GET", f"/payouts/{payout}/entries", None),
        ("GET", f"/payouts/{payout}/entries.csv", None),
        ("PUT", f"/payouts/{payout}/line", {"line_id": note}),
        ("PUT", f"/items/{item.id}/assignee", {"mine": True}),
        ("POST", f"/items/{item.id}/notes", {"id": note, "text": "x"}),
        ("PUT", f"/items/{item.id}/resolution", ending),
        ("POST", "/statements", None),
        ("POST", "/statements/check", None),
    ):
        assert (await part.send(method, path, data, 403))["code"] == "forbidden", path
    assert [one.id for one in await office.items()] == [item.id]
