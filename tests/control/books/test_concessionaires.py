"""Concessionaires, their terms and statements."""

import asyncio
import csv
from datetime import date, timedelta
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import hypothesis.strategies as st
import pytest
from asyncpg import ExclusionViolationError
from hypothesis import given
from pypdf import PdfReader

from tests.matchday.food.conftest import Counters
from tests.money.fiscal.test_closing_jobs import append_records
from tests.money.fiscal.till import NOW, Till, beer, cup, fries
from tests.venues import arena, install
from virage.control.books.reads.statements import concessionaires
from virage.control.books.rules.concessionaires import Concessionaire, Terms
from virage.control.books.rules.statement_paper import page, statement_pdf, statement_table
from virage.control.books.rules.statements import ClosedDay, Statement, statement
from virage.demo.concessionaires import load_concessionaires
from virage.demo.venues.drawing import stadium
from virage.identity.keys.rules.vault import KeyVault
from virage.matchday.food.till.rules.limits import Seller
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.reads.closings import closed_through
from virage.money.fiscal.rules.closing import Period, PeriodKind, Subject, Tally, add, close_day
from virage.money.fiscal.rules.record import Kind, VatTotal, stamp
from virage.platform.data.database import Database
from virage.platform.settings.config import Club
from virage.platform.values.ids import new_id
from virage.platform.values.money import EURO, Currency, vat_included
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

FIRST = date(2026, 5, 1)
PAID = {"sales", "tips", "commission", "lost_concessionaire"}
"""Rows of a statement that sum to the payable amount."""
DOOR = "/api/office/food/concessionaires"
LANGUAGES: Final = ("en", "fr")


def a_tally(sums: list[tuple[int, int]], tip: int) -> Tally:
    gross: dict[int, int] = {}
    for rate, cents in sums:
        gross[rate] = gross.get(rate, 0) + cents
    totals = tuple(VatTotal(rate, cents, vat_included(cents, rate)) for rate, cents in sorted(gross.items()))
    amounts = [cents for _, cents in sums]
    return Tally(len(sums), totals, (), tip, sum(amounts), sum(map(abs, amounts)))


def a_closing(outlet: str, day: int, tally: Tally, lost_cents: int = 0) -> ClosedDay:
    on = FIRST + timedelta(days=day)
    closing = close_day(Subject("outlet", outlet), on, [], tally, previous=None, at=stamp(NOW))
    return ClosedDay(closing, f"{outlet} {day}", lost_cents)


sales = st.lists(st.tuples(st.sampled_from([0, 55, 100, 200]), st.integers(-90_000, 90_000)), max_size=5)
places = st.tuples(st.sampled_from(["01", "02", "03"]), st.integers(0, 9))
days = st.dictionaries(places, st.tuples(sales, st.integers(0, 900), st.integers(-99, 900)), max_size=9)


@given(days, st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 9))
def test_the_lines_of_a_statement_are_the_closings_and_payments_add_up(
    sold: dict[tuple[str, int], Any], permille: int, vat: int, change: int
) -> None:
    closings = [a_closing(outlet, day, a_tally(*said), lost) for (outlet, day), (*said, lost) in sold.items()]
    turn = FIRST + timedelta(days=change)
    terms = [
        Terms(new_id(), "01", date(2020, 1, 1), turn - timedelta(days=1), permille),
        Terms(new_id(), "01", turn, None, 1000 - permille),
        Terms(new_id(), "02", FIRST, None, permille, "concessionaire"),
    ]
    made = a_statement(terms, vat, closings)
    mine = [one for one in closings if one.closing.subject_id in {"01", "02"}]
    assert sorted(hash_ for line in made.lines for _, hash_ in line.closed) == sorted(one.hash for one in mine)
    taken = add(one.closing.tally for one in mine)
    total = made.total
    assert (list(total.rates), total.tip_cents) == (list(taken.totals), taken.tip_cents)
    assert total.sales_cents - total.refund_cents == taken.total_cents
    assert total.sales_cents + total.refund_cents == taken.absolute_cents
    assert total.lost_cents == sum(one.lost_cents for one in mine)
    assert total.borne_cents == sum(one.lost_cents for one in mine if one.closing.subject_id == "02"), (
        "losses are assigned by the terms"
    )
    kept = total.deposit_cents + total.commission_cents + total.commission_vat_cents + total.borne_cents
    assert total.payable_cents + kept == taken.total_cents + taken.tip_cents
    rows = list(csv.DictReader(statement_table(made, EURO).decode().splitlines()))
    paid = sum(cents_of(row["gross"]) for row in rows if row["what"] in PAID)
    assert paid == sum(cents_of(row["gross"]) for row in rows if row["what"] == "payable") == total.payable_cents


def a_statement(terms: list[Terms], vat: int, closings: list[ClosedDay]) -> Statement:
    who = Concessionaire(new_id(), "Buvettes", "", "", "", vat, 1, terms)
    period = (FIRST, FIRST + timedelta(days=9))
    return statement(who, period, closings, closed_through=FIRST, made_at=NOW)


def cents_of(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    return sign * int(text.strip("-").replace(".", ""))


def test_the_commission_applies_to_net_sales_without_deposits() -> None:
    tally = a_tally([(200, 120_000), (100, 11_000), (0, 5_000), (200, -12_000)], 300)
    made = a_statement([Terms(new_id(), "01", FIRST, None, 300)], 200, [a_closing("01", 0, tally)])
    sums = made.lines[0].sums
    assert (sums.sales_cents, sums.refund_cents, sums.deposit_cents) == (136_000, 12_000, 5_000)
    assert (sums.net_sales_cents, sums.commission_cents, sums.commission_vat_cents) == (100_000, 30_000, 6_000)
    assert sums.payable_cents == 119_000 + 300 - 36_000


def test_on_paper_outlets_without_sales_are_one_line_and_one_outlet_is_one_page() -> None:
    runs = [Terms(new_id(), f"{outlet:02}", FIRST, None, 300) for outlet in range(1, 20)]
    made = a_statement(runs, 200, [a_closing("07", 0, a_tally([(200, 120_000)], 0))])
    seller = Seller("Virage FC", "1 rue du Stade", "FR00000000000")
    said = page(made, Club(), seller, "en", currency=EURO, venues=[stadium()])
    assert [one["title"] for one in said["sections"]] == ["Outlet 07"]
    assert said["total"] is None
    assert said["idle"].startswith("No sales in this period: 01, 02, ")
    assert said["house"] == "Virage FC · 1 rue du Stade · VAT number: FR00000000000"
    assert len(PdfReader(BytesIO(printed_paper(made))).pages) == 1


def test_on_paper_an_outlet_has_its_local_code_and_with_several_venues_the_name_of_its_own() -> None:
    runs = [Terms(new_id(), outlet, FIRST, None, 300) for outlet in ("01", "02", "arena.01", "arena.02")]
    tally = a_tally([(200, 120_000)], 0)
    made = a_statement(runs, 200, [a_closing("01", 0, tally), a_closing("arena.01", 0, tally)])
    venues = [stadium(), arena()]
    said = page(made, Club(), Seller("Virage FC", "", ""), "en", currency=EURO, venues=venues)
    assert [one["title"] for one in said["sections"]] == [f"Outlet 01, {venues[0].name}", "Outlet 01, The Arena"]
    assert said["idle"] == f"No sales in this period: 02, {venues[0].name}; 02, The Arena"
    assert {row["outlet"] for row in csv.DictReader(statement_table(made, EURO).decode().splitlines())} >= {
        "01",
        "arena.01",
    }


async def test_an_outlet_of_another_venue_has_terms_until_its_own_days_are_closed(
    db: Database, vault: KeyVault, counters: Counters, buvettes: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first venue has closed the day; the second one, in another time zone, has not."""
    await install(db, monkeypatch, arena())
    await put(counters, f"{buvettes}/terms/{new_id()}", terms(outlet="arena.01"))
    unknown = terms(outlet="arena.99")
    assert (await counters.ask("finance", "PUT", f"{DOOR}/{buvettes}/terms/{new_id()}", unknown)).status_code == 400
    till = Till()
    async with db.transaction() as conn:
        await till.pair(conn)
    till.write(lines=[beer(2)])
    await append_records(db, till, NOW)
    async with db.transaction() as conn:
        home = await close(conn, vault, Period(PeriodKind.DAY, FIRST), NOW, zone=stadium().zone)
    assert not isinstance(home, Refused)
    async with db.connection() as conn:
        assert await closed_through(conn, ["01"]) == FIRST
        assert await closed_through(conn, ["arena.01"]) is None
    path = f"{DOOR}/{buvettes}/statement?from=2026-05-01&to=2026-05-31"
    assert (await counters.ask("finance", "GET", path)).json()["closed_through"] is None


def test_a_statement_in_yen_has_no_decimals_in_its_table_and_on_paper() -> None:
    yen = Currency("JPY", 0)
    runs = [Terms(new_id(), "01", FIRST, None, 300)]
    made = a_statement(runs, 200, [a_closing("01", 0, a_tally([(200, 120_000)], 300))])
    rows = {row["what"]: row for row in csv.DictReader(statement_table(made, yen).decode().splitlines())}
    assert [rows["sales"][name] for name in ("gross", "vat", "net")] == ["120000", "20000", "100000"]
    assert [rows["commission"][name] for name in ("gross", "vat", "net")] == ["-36000", "-6000", "-30000"]
    seller = Seller("Virage FC", "", "")
    english, french = (
        page(made, Club(), seller, lang, currency=yen, venues=[stadium()])["sections"][0] for lang in LANGUAGES
    )
    assert english["rows"][0] == ["Sales, VAT at 20%", "¥120,000", "¥20,000", "¥100,000"]
    assert english["rows"][2][1:] == ["\u2212¥36,000", "\u2212¥6,000", "\u2212¥30,000"]
    assert french["payable"][1] == "84\u202f300\u202f¥"


def test_amounts_in_euros_are_printed_as_before() -> None:
    runs = [Terms(new_id(), "01", FIRST, None, 300)]
    made = a_statement(runs, 200, [a_closing("01", 0, a_tally([(200, 1_200_000)], 0))])
    seller = Seller("Virage FC", "", "")
    english, french = (
        page(made, Club(), seller, lang, currency=EURO, venues=[stadium()])["sections"][0] for lang in LANGUAGES
    )
    assert english["rows"][1][1] == "\u2212€3,600.00"
    assert french["rows"][1][1] == "\u22123\u202f600,00\u202f€"


def printed_paper(made: Statement) -> bytes:
    return statement_pdf(made, Club(), Seller("Virage FC", "", ""), "fr", currency=EURO, venues=[stadium()])


async def put(counters: Counters, path: str, body: Any, who: str = "finance") -> Any:
    return await counters.ask(who, "PUT", f"{DOOR}/{path}", body)


def terms(outlet: str = "01", starts_on: str = "2026-05-01", ends_on: str | None = None, permille: int = 300) -> Any:
    """Terms that do not say who bears losses; the default is the operator."""
    return {"outlet": outlet, "starts_on": starts_on, "ends_on": ends_on, "commission_permille": permille}


@pytest.fixture
async def buvettes(counters: Counters) -> UUID:
    made = new_id()
    said = {"name": "Buvettes du Rhône", "address": "1 rue du Stade, Décines", "vat_number": "FR12345678901"}
    said["siret"] = "12345678900011"
    answer = await put(counters, str(made), said)
    assert answer.status_code == 200, answer.text
    counters.knows("manager", Grant("finance", "outlet", "01"))
    return made


async def test_concessionaires_are_created_once_updated_by_revision_and_deleted(
    counters: Counters, buvettes: UUID
) -> None:
    said = {"name": "=Buvettes", "commission_vat_permille": 100, "revision": 1}
    assert [(await put(counters, str(buvettes), said)).json()["revision"] for _ in range(2)] == [2, 2]
    stale = await put(counters, str(buvettes), said | {"name": "Other"})
    assert (stale.status_code, stale.json()["data"]) == (409, {"revision": 2})
    assert (await put(counters, str(new_id()), said)).status_code == 404
    for bad in (
        {"name": ""},
        {"name": "x\n"},
        {"name": "x", "vat_number": "fr 1"},
        {"name": "x", "siret": "123"},
        {"name": "x", "more": 1},
        {},
    ):
        assert (await put(counters, str(buvettes), bad)).status_code == 400
    for who in ("manager", "club", "cashier", "fan"):
        assert (await put(counters, str(buvettes), said, who)).status_code == 403
    counters.knows("tired", Grant("finance"), since=NOW - timedelta(minutes=16))
    assert (await put(counters, str(buvettes), said, "tired")).json()["code"] == "step_up_required"
    for _ in range(2):
        assert (await counters.ask("finance", "DELETE", f"{DOOR}/{buvettes}")).status_code == 204
    assert (await counters.ask("finance", "GET", DOOR)).json() == []


async def test_concurrent_terms_of_an_outlet_never_overlap(counters: Counters, buvettes: UUID) -> None:
    other = new_id()
    await put(counters, str(other), {"name": "Autres"})
    mine = f"{buvettes}/terms/{new_id()}"
    for _ in range(2):
        assert (await put(counters, mine, terms(ends_on="2026-05-31"))).status_code == 200
    overlap = await put(counters, f"{other}/terms/{new_id()}", terms(starts_on="2026-05-31"))
    assert (overlap.json()["code"], overlap.json()["data"]["starts_on"]) == ("terms_overlap", "2026-05-01")
    asked = [put(counters, f"{other}/terms/{new_id()}", terms(starts_on="2026-06-01")) for _ in range(5)]
    assert sorted([one.status_code for one in await asyncio.gather(*asked)]) == [200, *[409] * 4]
    assert (await put(counters, f"{other}/terms/{mine[-36:]}", terms("02"))).json()["code"] == "id_taken"
    for bad in (
        terms("nowhere"),
        terms(ends_on="2026-04-30"),
        terms(starts_on="0001-01-01"),
        terms(permille=1001),
        terms() | {"starts_on": "soon"},
    ):
        assert (await put(counters, mine, bad)).status_code == 400, bad
    assert (await counters.ask("finance", "DELETE", f"{DOOR}/{buvettes}")).json()["code"] == "concessionaire_in_use"
    seen = (await counters.ask("manager", "GET", DOOR)).json()
    assert [(one["name"], len(one["terms"])) for one in seen] == [("Autres", 1), ("Buvettes du Rhône", 1)]
    assert len(await counters.rows("select what from kernel.journal where what = 'terms_entered'")) == 2
    with pytest.raises(ExclusionViolationError):  # the database refuses it on every path
        await counters.rows(
            """
            insert into books.terms (
                id, concessionaire_id, outlet, starts_on, ends_on, commission_permille, entered_at
            )
            select gen_random_uuid(), concessionaire_id, outlet, '2030-01-01', '2030-01-01', 1, entered_at
            from books.terms where ends_on is null
            """
        )


async def an_evening(db: Database, vault: KeyVault) -> Till:
    """Closed sales at two outlets on 1 May, and an unclosed one."""
    till = Till()
    till.write(lines=[beer(10), fries(4), cup(10)], tip_cents=200)
    till.write(Kind.REFUND, lines=[beer(-1)])
    till.outlet = "02"
    till.write(lines=[fries(2)])
    await append_records(db, till, NOW)
    async with db.transaction() as conn:
        closings = await close(conn, vault, Period(PeriodKind.DAY, FIRST), NOW)
    assert not isinstance(closings, Refused)
    till.write(lines=[beer(9)])
    await append_records(db, till, NOW)
    return till


async def test_a_statement_is_available_as_json_csv_and_pdf(
    db: Database, vault: KeyVault, counters: Counters, buvettes: UUID
) -> None:
    await put(counters, f"{buvettes}/terms/{new_id()}", terms())
    await an_evening(db, vault)
    door = f"{DOOR}/{buvettes}/statement"
    may = "from=2026-05-01&to=2026-05-31"
    statement = (await counters.ask("manager", "GET", f"{door}?{may}")).json()
    (line,) = statement["lines"]
    assert (line["outlet"], statement["closed_through"], [day for day, _ in line["closed"]]) == (
        "01",
        "2026-05-01",
        ["2026-05-01"],
    )
    sums = statement["total"]
    assert (sums["sales_cents"], sums["refund_cents"], sums["deposit_cents"]) == (9_800, 700, 1_000)
    base = (6_300 - 1_050) + (1_800 - 164)
    commission, vat = round(base * 0.3), round(round(base * 0.3) * 0.2)
    assert (sums["net_sales_cents"], sums["commission_cents"], sums["commission_vat_cents"]) == (base, commission, vat)
    assert sums["payable_cents"] == 8_100 + 200 - commission - vat
    file = await counters.ask("manager", "GET", f"{door}.csv?{may}")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.text.splitlines()[1] == "01,2026-05-01,2026-05-31,deposits,0,10.00,0.00,10.00"
    for lang, words in (("fr", "À verser au concessionnaire"), ("en", "Payable to the concessionaire")):
        paper = await counters.ask("manager", "GET", f"{door}.pdf?{may}&lang={lang}")
        assert paper.headers["content-type"] == "application/pdf"
        said = " ".join(page.extract_text() for page in PdfReader(BytesIO(paper.content)).pages)
        assert words in " ".join(said.split())
        assert "Buvettes du Rhône" in said
        assert all(one in said for one in ("SIRET", "12345678900011", "FR12345678901", "20260501-20260531-"))
    counters.knows("neighbour", Grant("finance", "outlet", "02"))
    for who, query, status in (
        ("neighbour", may, 404),
        ("club", may, 404),
        ("cashier", may, 403),
        ("manager", "from=2026-04-01&to=2026-04-30", 404),
        ("finance", "from=2026-04-01&to=2026-04-30", 200),
        ("finance", "from=2026-05-31&to=2026-05-01", 400),
        ("finance", "from=2020-05-31&to=2026-05-01", 409),
    ):
        assert (await counters.ask(who, "GET", f"{door}?{query}")).status_code == status, (who, query)


async def test_terms_of_closed_days_do_not_change(
    db: Database, vault: KeyVault, counters: Counters, buvettes: UUID
) -> None:
    path = f"{buvettes}/terms/{new_id()}"
    await put(counters, path, terms())
    await an_evening(db, vault)
    theirs = terms() | {"loss_borne_by": "concessionaire"}
    for change in (
        theirs,
        terms(permille=1),
        terms(outlet="03"),
        terms(starts_on="2026-05-02"),
        terms(starts_on="2026-04-01"),
    ):
        assert (await put(counters, path, change)).json()["code"] == "terms_in_force", change
    assert (await counters.ask("finance", "DELETE", f"{DOOR}/{path}")).json()["code"] == "terms_in_force"
    assert (await put(counters, path, terms(ends_on="2026-05-01"))).status_code == 200
    later = f"{buvettes}/terms/{new_id()}"
    assert (await put(counters, later, terms(starts_on="2026-05-02", permille=250))).status_code == 200
    assert (await counters.ask("finance", "DELETE", f"{DOOR}/{later}")).status_code == 204


async def test_the_demo_has_two_concessionaires_and_can_be_loaded_twice(db: Database) -> None:
    for _ in range(2):
        async with db.transaction() as conn:
            await load_concessionaires(conn, NOW)
    async with db.connection() as conn:
        found = await concessionaires(conn, None)
    assert [len(one.terms) for one in found] == [18, 18]
