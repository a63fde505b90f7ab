"""Bonus grants: credited once, to the right wallet, spent and never paid out."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.money.wallet.cards.chip import shown
from tests.money.wallet.funding.desks import employ
from tests.money.wallet.ledger.books import NOW, books, loaded_wallet
from tests.zones import PARIS
from virage.identity.people.rules.grants import NewApiClient
from virage.identity.people.store import grants
from virage.money.wallet.accounts.acts import close_wallet
from virage.money.wallet.funding.acts import top_ups as wallet_acts
from virage.money.wallet.funding.acts.bonus import give
from virage.money.wallet.funding.reads.wallets import wallet_view
from virage.money.wallet.funding.rules.bonus import BonusGrant, GrantedBonus
from virage.money.wallet.funding.rules.top_ups import Limits
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Wallets

LIMITS = Limits(500, 15_000, 25_000)


async def a_wallet(db: Database, cents: int = 0, owner_id: UUID | None = None) -> UUID:
    async with db.transaction() as conn:
        return await loaded_wallet(conn, cents, owner_id)


async def given(db: Database, *gifts: BonusGrant) -> list[GrantedBonus | Refused]:
    async with db.transaction() as conn:
        return await give(conn, gifts, NOW)


async def test_a_bonus_is_granted_once_also_after_repeated_requests(db: Database) -> None:
    wallet_id = await a_wallet(db)
    gift = BonusGrant(new_id(), wallet_id, 500, "late_order")
    same = GrantedBonus(gift.id, wallet_id, 500, 500)
    assert await given(db, gift, gift) == [same, same]
    assert await asyncio.gather(*(given(db, gift) for _ in range(3))) == [[same]] * 3
    other = BonusGrant(gift.id, wallet_id, 501, "late_order")
    assert await given(db, other) == [Refused("gift_id_taken")]
    found = await books(db)
    assert found.clean
    assert (found.kinds["bonus"], found.kinds["grants"]) == (500, -500)


async def test_bonus_grants_of_a_batch_are_independent(db: Database) -> None:
    first, second, closed = [await a_wallet(db) for _ in range(3)]
    async with db.transaction() as conn:
        await close_wallet(conn, closed, NOW)
    gifts = [BonusGrant(new_id(), wallet, 300, "goodwill") for wallet in (first, new_id(), second, first, closed)]
    gifts += [BonusGrant(new_id(), first, 0, "goodwill")]
    outcomes = [one.reason if isinstance(one, Refused) else one.bonus_cents for one in await given(db, *gifts)]
    assert outcomes == [600, "not_found", 300, 600, "wallet_frozen", "amount_invalid"]
    async with db.connection() as conn:
        facts = await conn.fetch("select about, data from kernel.journal where what = 'bonus_given'")
    assert {fact["about"] for fact in facts} == {gifts[at].id for at in (0, 2, 3)}
    assert all(set(fact["data"]) == {"purse", "cents", "reason"} for fact in facts)


async def test_the_same_grant_in_two_processes_is_one(db: Database) -> None:
    wallet_id = await a_wallet(db)
    gift = BonusGrant(new_id(), wallet_id, 250, "promotion")
    outcomes = await asyncio.gather(*(given(db, gift) for _ in range(4)))
    assert outcomes == [[GrantedBonus(gift.id, wallet_id, 250, 250)]] * 4
    assert (await books(db)).kinds["bonus"] == 250


async def test_bonus_is_in_the_wallet_and_its_history_and_is_never_paid_out(db: Database) -> None:
    fan = new_id()
    wallet_id = await a_wallet(db, 1_000, fan)
    await given(db, BonusGrant(new_id(), wallet_id, 500, "goodwill"))
    async with db.transaction() as conn:
        view = await wallet_view(conn, fan, LIMITS, zone=PARIS, now=NOW)
        assert (view.available_cents, view.bonus_cents, view.refundable_cents) == (1_000, 500, 0)
        lines = {(line.purpose, line.cents, line.bonus) for line in view.history}
        assert ("bonus_given", 500, True) in lines
        paid_out = await wallet_acts.pay_out(conn, fan, new_id(), NOW)
        assert isinstance(paid_out, Refused), "no bank card paid, and a bonus is not paid out"


async def test_an_erasure_returns_bonus_to_the_operator(db: Database) -> None:
    fan = new_id()
    wallet_id = await a_wallet(db, 0, fan)
    await given(db, BonusGrant(new_id(), wallet_id, 500, "goodwill"))
    async with db.transaction() as conn:
        assert await wallet_acts.erased(conn, fan, NOW) is None
    found = await books(db)
    assert found.clean
    assert (found.kinds["bonus"], found.kinds["grants"]) == (0, 0)


async def test_the_bonus_of_an_anonymous_card_moves_with_the_card(wallets: "Wallets") -> None:
    await wallets.card(wallets.knows("fan"))
    held = await wallets.card()
    await given(wallets.db, BonusGrant(new_id(), held.wallet_id, 400, "goodwill"))
    link = {"tap": shown(held.tap()), "code": held.code}
    assert (await wallets.ask("fan", "POST", "/api/me/cards", link)).status_code == 200
    assert (await wallets.ask("fan", "GET", "/api/wallet")).json()["bonus_cents"] == 400
    assert (await books(wallets.db)).clean


async def test_finance_grants_a_bonus_with_a_reason_after_a_recent_sign_in(wallets: "Wallets") -> None:
    finance = wallets.knows("finance", "staff", Grant("finance"))
    async with wallets.transaction() as conn:
        await employ(conn, finance, Grant("finance"))
    wallets.knows("of a promoter", "staff", Grant("finance", "organiser", new_id()))
    wallet_id = await a_wallet(wallets.db)
    wish: dict[str, Any] = {"id": str(new_id()), "wallet_id": str(wallet_id), "cents": 900, "reason": "compensation"}
    path = "/api/office/wallet/bonus"
    assert (await wallets.ask("of a promoter", "POST", path, wish)).status_code == 403
    for _ in range(2):
        answer = await wallets.ask("finance", "POST", path, wish)
        assert answer.json()["bonus_cents"] == 900, answer.text
    for wrong in ({"cents": 0}, {"cents": 50_001}, {"reason": "because"}):
        assert (await wallets.ask("finance", "POST", path, wish | {"id": str(new_id())} | wrong)).status_code == 400
    (fact,) = await wallets.facts("bonus_given")
    assert fact["who"] == finance


async def test_staff_cannot_grant_a_bonus_to_themselves_also_by_an_api_client(wallets: "Wallets") -> None:
    finance, now = wallets.knows("finance", "staff", Grant("finance")), wallets.clock.now()
    api_client = wallets.knows("their API client", "api_client", Grant("finance"))
    mine, theirs = await wallets.card(finance), await wallets.card(wallets.knows("fan"))
    async with wallets.transaction() as conn:
        await employ(conn, finance, Grant("finance"))
        wish = NewApiClient(api_client, "CRM", [Grant("finance")], finance, now, now + timedelta(hours=1))
        await grants.create_api_client(conn, wish, "a token")
    for who in ("finance", "their API client"):
        for wallet_id, expected in ((mine.wallet_id, 409), (theirs.wallet_id, 200)):
            wanted = {"id": str(new_id()), "wallet_id": str(wallet_id), "cents": 900, "reason": "goodwill"}
            answer = await wallets.ask(who, "POST", "/api/office/wallet/bonus", wanted)
            assert answer.status_code == expected, answer.text
            assert answer.json().get("code") == (None if expected == 200 else "own_wallet")
    assert len(await wallets.facts("bonus_given")) == 2
    assert await wallets.rows("select 1 from wallet_funding.gift where purse_id = $1", mine.wallet_id) == []


async def test_revoking_an_api_client_during_a_grant_does_not_allow_a_grant_to_oneself(wallets: "Wallets") -> None:
    finance, now = wallets.knows("finance", "staff", Grant("finance")), wallets.clock.now()
    api_client = wallets.knows("their API client", "api_client", Grant("finance"))
    mine = await wallets.card(finance)
    async with wallets.transaction() as conn:
        await employ(conn, finance, Grant("finance"))
        wish = NewApiClient(api_client, "CRM", [Grant("finance")], finance, now, now + timedelta(hours=1))
        await grants.create_api_client(conn, wish, "a token")
    wanted = {"id": str(new_id()), "wallet_id": str(mine.wallet_id), "cents": 900, "reason": "goodwill"}
    async with wallets.transaction() as conn:
        await conn.execute("select from wallet_accounts.purse for update")
        giving = asyncio.create_task(wallets.ask("their API client", "POST", "/api/office/wallet/bonus", wanted))
        waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while not await wallets.rows(waiting):  # noqa: ASYNC110 - another connection sets no event
            await asyncio.sleep(0.01)
        await grants.drop_api_clients(conn, [api_client])
    assert (await giving).status_code == 404
    assert await wallets.rows("select 1 from wallet_funding.gift") == []
