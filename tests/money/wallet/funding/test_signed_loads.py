"""A cash desk moves money only with its till's signature and a member of staff: a stolen token tops
up nothing.
"""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.identity.passes.make_vectors import Ed25519Phone
from tests.money.wallet.funding import make_load_vectors as vectors
from tests.money.wallet.funding.desks import CASHIER, Desk, by_tap, employ, signed_load, texts
from tests.money.wallet.ledger.books import books
from virage.identity.people.store import pins
from virage.money.wallet.funding.reads.audit import DeskMismatch
from virage.money.wallet.funding.rules.desk_records import DESK_RECORD_PURPOSE, SignedDeskRecord, desk_record_bytes
from virage.platform.values.ids import new_id
from virage.platform.values.jwk import base64url
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent, Organiser

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Wallets

HOUR = timedelta(hours=1)


def test_the_vectors_match_the_rules() -> None:
    assert vectors.FILE.read_text(encoding="utf-8") == vectors.file_text()


def test_the_vectors_cover_every_reason_of_a_text() -> None:
    assert vectors.reasons() == {reason.value for reason in vectors.OF_THE_TEXT}


async def moved(wallets: "Wallets") -> list[Any]:
    """All rows that a movement would write."""
    return [
        *await wallets.rows("select count(*) from wallet_ledger.transfer"),
        *await wallets.rows("select count(*) from wallet_funding.load"),
        *await wallets.rows("select count(*) from wallet_cards.tap"),
        *await wallets.rows("select count(*) from kernel.journal"),
    ]


async def test_a_till_token_without_its_key_moves_no_money(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    by = by_tap(held)
    said = await desk.says(by, 2_000)
    good, body = texts(signed_load(desk.signer, said)), desk_record_bytes(said)
    before = await moved(wallets)
    for signature in (
        "",
        base64url(Ed25519Phone("thief of the token").sign(DESK_RECORD_PURPOSE + body)),
        base64url(desk.signer.sign(b"virage:sale:v1\0" + body)),
        base64url(desk.signer.sign(b"virage:pay:v1\0" + body)),
    ):
        answer = await desk.send(by, good | {"signature": signature})
        assert (answer.status_code, answer.json()["code"]) == (409, "load_forged")
    unsigned = {"by": by, "body": good["body"]}
    assert (await wallets.ask("desk", "POST", "/api/till/loads", unsigned)).json()["code"] == "load_forged"
    more = await desk.send(by, good | {"body": base64url(desk_record_bytes(replace(said, cents=9_000)))})
    assert more.json()["code"] == "load_forged"
    assert await moved(wallets) == before, "the tap is not consumed"
    assert (await desk.send(by, good)).json()["available_cents"] == 2_000


async def test_a_signature_of_one_till_is_invalid_for_another(wallets: "Wallets", desk: Desk) -> None:
    held, other = await wallets.card(), Desk(wallets, "other desk")
    by = by_tap(held)
    good = texts(signed_load(desk.signer, await desk.says(by, 2_000)))
    assert (await other.send(by, good)).json()["code"] == "load_forged", "a till that was never paired"
    said = replace(await desk.says(by, 2_000), till=other.id)
    assert (await desk.send(by, texts(signed_load(desk.signer, said)))).json()["code"] == "not_this_till"


async def test_a_top_up_signed_too_long_ago_is_refused(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    by, now = by_tap(held), wallets.clock.now()
    for at in (now - timedelta(minutes=11), now + timedelta(minutes=11)):
        assert await desk.refused(by, 2_000, at=at) == ("load_too_old", {})
    assert (await desk.ask(by, 2_000, at=now - timedelta(minutes=9))).status_code == 200


async def test_the_shown_card_must_be_on_the_signed_wallet(wallets: "Wallets", desk: Desk) -> None:
    seen, shown = await wallets.card(), await wallets.card()
    assert await desk.refused(by_tap(shown), 2_000, wallet_id=seen.wallet_id) == ("not_this_purse", {})


async def test_a_till_tops_up_at_its_own_outlet(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    assert await desk.refused(by_tap(held), 2_000, outlet="02") == ("not_your_outlet", {})


@pytest.mark.parametrize(
    ("grant", "may"),
    [
        (Grant("cashier", "outlet", "01"), True),
        (Grant("finance", "outlet", "01"), True),
        (Grant("finance"), True),
        (Grant("cashier", "outlet", "02"), False),
        (Grant("kitchen", "outlet", "01"), False),
        (Grant("steward"), False),
        (Grant("cashier", "event", new_id()), False),
    ],
)
async def test_a_cash_top_up_needs_a_person_who_may_sell_there(
    wallets: "Wallets",
    desk: Desk,
    grant: Grant,
    may: bool,
) -> None:
    held, person = await wallets.card(), new_id()
    async with wallets.transaction() as conn:
        await employ(conn, person, grant)
    if may:
        assert (await desk.ask(by_tap(held), 2_000, cashier=person)).status_code == 200
    else:
        assert await desk.refused(by_tap(held), 2_000, cashier=person) == ("cashier_not_here", {})


async def test_unknown_persons_and_those_without_the_role_cannot_top_up(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    assert (await desk.refused(by_tap(held), 2_000, cashier=new_id()))[0] == "cashier_not_here"
    sent = texts(signed_load(desk.signer, await desk.says(by := by_tap(held), 2_000)))
    first = await desk.send(by, sent)
    async with wallets.transaction() as conn:
        await pins.drop_pin(conn, CASHIER)
    assert (await desk.refused(by_tap(held), 1_000))[0] == "cashier_not_here"
    assert (await desk.send(by, sent)).json() == first.json(), "a booked top-up gets its answer again"


async def test_a_cashier_of_an_event_pays_out_after_its_end(wallets: "Wallets", desk: Desk) -> None:
    held, person, event_id, club = await wallets.card(), new_id(), new_id(), new_id()
    now = wallets.clock.now()
    event = NewEvent(
        id=event_id,
        organiser_id=club,
        kind="match",
        title={"fr": "Match", "en": "Match"},
        doors_at=now + 46 * HOUR,
        starts_at=now + 47 * HOUR,
        ends_at=now + 49 * HOUR,
        sale_opens_at=now - HOUR,
        sale_closes_at=now + 47 * HOUR,
        rules=EventRules(),
    )
    async with wallets.transaction() as conn:
        await programme.add_organiser(conn, Organiser(club, "Club"), None, now)
        assert not isinstance(await programme.create(conn, event, None, now), Refused)
        assert not isinstance(await programme.publish(conn, event_id, None, now), Refused)
        await employ(conn, person, Grant("cashier", "event", event_id))
    assert (await desk.ask(by_tap(held), 3_000, cashier=person)).status_code == 200
    wallets.clock.advance(60 * HOUR)
    assert (await desk.ask(by_tap(held), -1_000, cashier=person)).status_code == 200
    wallets.clock.advance(2 * HOUR)
    assert (await desk.refused(by_tap(held), -1_000, cashier=person))[0] == "cashier_not_here"


async def test_of_a_top_up_for_two_cards_at_once_one_is_booked(wallets: "Wallets", desk: Desk) -> None:
    for _ in range(5):
        id_ = new_id()
        cards = [await wallets.card() for _ in range(3)]
        answers = await asyncio.gather(*[desk.ask(by_tap(card), 1_000, id=id_) for card in cards])
        codes = sorted(str(answer.json().get("code")) for answer in answers)
        assert codes == ["None", "load_id_taken", "load_id_taken"]
    assert await desk.stands() == -5_000


async def changed(wallets: "Wallets", query: str, *values: Any) -> None:
    async with wallets.transaction() as conn:
        await conn.execute(query, *values)


async def test_the_audit_verifies_the_tills_signature_of_each_top_up(wallets: "Wallets", desk: Desk) -> None:
    held, other = await wallets.card(), await wallets.card()
    id_ = UUID((await desk.load(held, 2_000))["id"])
    await desk.load(held, 1_000)
    assert (await books(wallets.db)).clean
    (row,) = await wallets.rows("select body, signature, cashier, slip from wallet_funding.load where id = $1", id_)
    set_to = "update wallet_funding.load set {} = $2 where id = $1"
    for column, value, before in (
        ("cashier", new_id(), row["cashier"]),
        ("slip", "0042", row["slip"]),
        ("purse_id", other.wallet_id, held.wallet_id),
        ("signature", bytes(64), row["signature"]),
        ("body", row["body"].replace(b"2000", b"9000"), row["body"]),
    ):
        await changed(wallets, set_to.format(column), id_, value)
        found = await books(wallets.db)
        assert (found.desk_mismatches, found.clean) == ([DeskMismatch(desk.id, id_)], False), column
        await changed(wallets, set_to.format(column), id_, before)
    assert (await books(wallets.db)).clean
    to_another = "update wallet_ledger.transfer set credit_id = $2, purse_id = $2 where subject = $1"
    await changed(wallets, to_another, id_, other.wallet_id)
    assert (await books(wallets.db)).desk_mismatches == [DeskMismatch(desk.id, id_)], (
        "the money was moved to another wallet"
    )


async def test_records_signed_before_a_till_was_revoked_stay_valid(wallets: "Wallets", desk: Desk) -> None:
    await desk.load(await wallets.card(), 2_000)
    await changed(
        wallets, "update people.device set revoked_at = $2, revoked_by = id where id = $1", desk.id, wallets.clock.now()
    )
    assert (await books(wallets.db)).desk_mismatches == []


async def test_signed_bytes_are_stored_unchanged(wallets: "Wallets", desk: Desk) -> None:
    held = await wallets.card()
    signed: SignedDeskRecord = signed_load(desk.signer, await desk.says(by := by_tap(held), 2_000))
    assert (await desk.send(by, texts(signed))).status_code == 200
    (row,) = await wallets.rows("select body, signature from wallet_funding.load")
    assert (row["body"], row["signature"]) == (signed.body, signed.signature)
