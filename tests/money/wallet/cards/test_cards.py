"""Cards are made, linked, blocked and replaced, each by whom it should be."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.money.wallet.conftest import HOUR, MINUTE, NOW, SECOND, waits_for_a_lock
from virage.identity.people.rules.pins import PinVerifier
from virage.money.wallet.cards.acts import cards as acts
from virage.money.wallet.cards.acts.card_pins import set_card_pin
from virage.money.wallet.cards.acts.cards import Linked, Replaced
from virage.money.wallet.cards.acts.taps import count_spends
from virage.money.wallet.cards.reads import cards as reads
from virage.money.wallet.cards.rules.cards import (
    BlockReason,
    Card,
    CardCodes,
    NewCard,
    Spend,
    Spent,
    Tap,
    as_code,
    shown_code,
)
from virage.money.wallet.cards.rules.sun import look_id
from virage.money.wallet.cards.settings import CardSettings
from virage.money.wallet.funding.acts.top_ups import empty_closed
from virage.platform.data.database import Contended
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

if TYPE_CHECKING:
    from tests.money.wallet.conftest import Held, Purses

PIN = PinVerifier(b"0123456789abcdef", 10, b"verifier")


# --- made ------------------------------------------------------------------------------------------------------------


async def test_chips_become_cards_each_with_its_purse_once_however_often_they_are_asked_for(purses: "Purses") -> None:
    chips = [purses.chip() for _ in range(20)]
    answers = []
    for _ in range(2):
        async with purses.transaction() as conn:
            answers.append(await acts.personalise(conn, [purses.new_card(chip) for chip in chips], who=None, now=NOW))
    first, again = answers
    assert first == again
    made = [card for card in first if isinstance(card, Card)]
    assert [card.uid for card in made] == [chip.uid for chip in chips]
    assert len({card.purse_id for card in made}) == 20
    (counted,) = await purses.rows("select count(*) as n from wallet_accounts.purse where owner_id is null")
    assert counted["n"] == 20
    assert len(await purses.facts("card_personalised")) == 20


async def test_several_cards_stand_on_one_purse(purses: "Purses") -> None:
    owner = new_id()
    first, second = await purses.card(owner), await purses.card(owner)
    assert first.purse_id == second.purse_id
    assert (await purses.taken(first)).purse_id == (await purses.taken(second)).purse_id


async def test_a_purse_that_does_not_exist_and_a_chip_that_is_another_card_are_refused(purses: "Purses") -> None:
    held, chip = await purses.card(), purses.chip()
    other_keys = NewCard(new_id(), held.chip.uid, bytes(32))
    nowhere = purses.new_card(chip, purse_id=new_id())
    async with purses.transaction() as conn:
        outcomes = await acts.personalise(conn, [other_keys, nowhere], who=None, now=NOW)
    assert outcomes == [Refused("uid_taken", {"card_id": held.id}), Refused("not_found")]
    (counted,) = await purses.rows("select count(*) as n from wallet_cards.card")
    assert counted["n"] == 1


async def test_the_same_chips_at_two_encoders_at_once_are_made_once(purses: "Purses") -> None:
    chips = [purses.chip() for _ in range(5)]

    async def make() -> list[Card | Refused]:
        async with purses.transaction() as conn:
            return await acts.personalise(conn, [purses.new_card(chip) for chip in chips], who=None, now=NOW)

    async with purses.transaction() as conn:
        first = await acts.personalise(conn, [purses.new_card(chip) for chip in chips], who=None, now=NOW)
        racing = asyncio.create_task(make())
        await waits_for_a_lock(purses)
    assert await racing == first
    (counted,) = await purses.rows("select count(*) as n from wallet_accounts.purse")
    assert counted["n"] == 5


def test_a_printed_code_is_read_however_it_is_typed_and_is_the_same_whenever_it_is_printed() -> None:
    codes, uid = CardCodes(bytes(16)), bytes.fromhex("04DE5F1EACC040")
    code = codes.printed(uid)
    assert codes.printed(uid) == code != codes.printed(bytes(7)) != CardCodes(bytes([1] * 16)).printed(uid)
    assert as_code(shown_code(code)) == as_code(f" {code[:3].lower()} {code[3:]}") == code
    assert [as_code(wrong) for wrong in ("", code[:-1], code + "A", "0000000000", "ILO1ILO1IL")] == [None] * 5


def test_a_demonstration_has_cards_of_its_own_and_production_none_without_a_key() -> None:
    secret = "a secret of the tests, long enough"
    assert acts.open_card_secrets(Config(secret=secret)) is None
    demo = acts.open_card_secrets(Config(secret=secret, demo=True))
    other = acts.open_card_secrets(Config(secret=secret * 2, demo=True))
    own = acts.open_card_secrets(Config(secret=secret, demo=True).having(CardSettings(card_key="00" * 16)))
    assert demo is not None
    assert other is not None
    assert own is not None
    assert len({one.keys.meta_read for one in (demo, other, own)}) == 3
    assert repr(own) == "CardSecrets(keys=CardKeys(), codes=CardCodes())"


# --- linked ----------------------------------------------------------------------------------------------------------


def a_link(
    purses: "Purses", held: "Held", owner: UUID, *, tap: Tap | None = None, code: str | None = None
) -> acts.Link:
    return acts.Link(tap or purses.read(held.tap()), purses.secrets.codes.hash(code or held.code), owner, "The card")


async def link(purses: "Purses", wish: acts.Link) -> Linked | Refused:
    """As the route does: a refusal rolls all back."""
    async with purses.db.connection() as conn:
        transaction = conn.transaction()
        await transaction.start()
        outcome = await acts.link_card(
            conn, wish, purse_max_cents=25_000, empty_closed=empty_closed, now=purses.clock.now()
        )
        await (transaction.rollback() if isinstance(outcome, Refused) else transaction.commit())
    return outcome


async def test_the_first_card_of_a_fan_brings_its_purse_and_the_next_come_onto_it(purses: "Purses") -> None:
    fan, first, second = new_id(), await purses.card(), await purses.card()
    beside = await purses.card(purse_id=second.purse_id)
    assert await link(purses, a_link(purses, first, fan)) == Linked(first.id, first.purse_id, None)
    linked = await link(purses, a_link(purses, second, fan))
    assert linked == Linked(second.id, first.purse_id, second.purse_id), "what was on it goes where the card went"
    async with purses.transaction() as conn:
        mine = await reads.cards_of(conn, fan, NOW)
    assert [(card.id, card.label) for card in mine] == [
        (first.id, "The card"),
        (second.id, "The card"),
        (beside.id, None),
    ]
    assert {fact["about"] for fact in await purses.facts("card_linked")} == {first.id, second.id, beside.id}


async def test_linked_again_it_is_the_same(purses: "Purses") -> None:
    fan, held = new_id(), await purses.card()
    first = await link(purses, a_link(purses, held, fan))
    assert await link(purses, a_link(purses, held, fan)) == first
    assert len(await purses.facts("card_linked")) == 1


async def test_a_link_needs_the_code_and_a_tap_of_the_same_card(purses: "Purses") -> None:
    fan, held, other = new_id(), await purses.card(), await purses.card()
    seen = purses.read(held.tap())
    wrong = [
        a_link(purses, held, fan, tap=seen, code=other.code),
        a_link(purses, held, fan, tap=purses.read(other.tap())),
        a_link(purses, held, fan, tap=Tap(new_id(), None)),
    ]
    refused = [await link(purses, wish) for wish in wrong]
    assert refused == [Refused("code_wrong"), Refused("code_wrong"), Refused("tap_forged")]
    assert await purses.rows("select 1 from wallet_accounts.purse where owner_id is not null") == []
    assert isinstance(await link(purses, a_link(purses, held, fan, tap=seen)), Linked), "a refusal used no tap up"


async def test_the_tap_that_opened_the_page_links_for_five_minutes(purses: "Purses") -> None:
    held, late = await purses.card(), await purses.card()
    for card, wait, linked in ((held, 5 * MINUTE, True), (late, 5 * MINUTE + SECOND, False)):
        message = card.tap()
        await purses.desk.look(message)
        purses.clock.advance(wait)
        wish = a_link(purses, card, new_id(), tap=purses.read(message, look_id(message)))
        assert isinstance(await link(purses, wish), Linked) == linked


async def test_the_tap_that_paid_at_a_till_links_nothing(purses: "Purses") -> None:
    held = await purses.card()
    message = held.tap()
    await purses.take(purses.read(message))
    outcome = await link(purses, a_link(purses, held, new_id(), tap=purses.read(message, look_id(message))))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "tap_replayed"


async def test_somebody_elses_card_and_a_blocked_one_are_not_linked(purses: "Purses") -> None:
    theirs, blocked = await purses.card(new_id()), await purses.card()
    await block(purses, blocked, BlockReason.STOLEN)
    assert await link(purses, a_link(purses, theirs, new_id())) == Refused("card_linked")
    outcome = await link(purses, a_link(purses, blocked, new_id()))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "card_blocked"


async def test_one_card_linked_by_two_fans_at_once_is_ones_and_two_cards_of_one_fan_share_a_purse(
    purses: "Purses",
) -> None:
    held, fan = await purses.card(), new_id()
    both = await asyncio.gather(*(link(purses, a_link(purses, held, new_id())) for _ in range(2)))
    assert sum(isinstance(one, Linked) for one in both) == 1
    cards = [await purses.card() for _ in range(4)]
    linked = await asyncio.gather(*(link(purses, a_link(purses, card, fan)) for card in cards))
    assert len({one.purse_id for one in linked if isinstance(one, Linked)}) == 1
    assert all(isinstance(one, Linked) for one in linked)


# --- blocked ---------------------------------------------------------------------------------------------------------


async def block(
    purses: "Purses", held: "Held", reason: BlockReason = BlockReason.LOST, owner: UUID | None = None
) -> Refused | None:
    async with purses.transaction() as conn:
        (outcome,) = await acts.block_cards(conn, [acts.Block(held.id, reason, owner, owner)], NOW)
    return outcome


async def unblock(purses: "Purses", held: "Held", owner: UUID) -> Refused | None:
    async with purses.transaction() as conn:
        (outcome,) = await acts.unblock_cards(conn, [acts.OwnersCard(held.id, owner)], NOW)
    return outcome


async def test_an_owner_blocks_and_unblocks_their_card_and_nobody_elses(purses: "Purses") -> None:
    owner, stranger = new_id(), new_id()
    held = await purses.card(owner)
    assert await block(purses, held, BlockReason.OWNER, stranger) == Refused("not_found")
    await purses.taken(held)
    assert await block(purses, held, BlockReason.OWNER, owner) is None
    (outcome,) = await purses.take(purses.read(held.tap()))
    assert isinstance(outcome, Refused)
    assert await unblock(purses, held, stranger) == Refused("not_found")
    assert await unblock(purses, held, owner) is None
    await purses.taken(held)


async def test_what_the_staff_blocked_its_owner_does_not_lift(purses: "Purses") -> None:
    owner = new_id()
    held = await purses.card(owner)
    assert await block(purses, held, BlockReason.STOLEN) is None
    assert await block(purses, held, BlockReason.OWNER, owner) is None, "blocked it is"
    assert await unblock(purses, held, owner) == Refused("card_blocked", {"reason": "stolen"})
    assert [fact["data"] for fact in await purses.facts("card_blocked")] == [{"reason": "stolen"}]


async def test_the_staff_takes_a_block_over(purses: "Purses") -> None:
    owner = new_id()
    held = await purses.card(owner)
    await block(purses, held, BlockReason.OWNER, owner)
    await block(purses, held, BlockReason.FRAUD)
    assert await unblock(purses, held, owner) == Refused("card_blocked", {"reason": "fraud"})


async def test_a_block_of_many_cards_answers_each(purses: "Purses") -> None:
    cards = [await purses.card() for _ in range(3)]
    blocks = [acts.Block(card_id, BlockReason.LOST, None) for card_id in (*(card.id for card in cards), new_id())]
    async with purses.transaction() as conn:
        assert await acts.block_cards(conn, blocks, NOW) == [None, None, None, Refused("not_found")]
    (counted,) = await purses.rows("select count(*) as n from wallet_cards.card where blocked_reason = 'lost'")
    assert counted["n"] == 3


# --- replaced --------------------------------------------------------------------------------------------------------


async def replace(purses: "Purses", card_id: UUID, code: str) -> Replaced | Refused:
    async with purses.transaction() as conn:
        wish = acts.Replacement(card_id, purses.secrets.codes.hash(code), None)
        return await acts.replace_card(conn, wish, purses.clock.now())


async def test_a_new_card_stands_on_the_same_purse_and_the_old_one_is_blocked_for_ever(purses: "Purses") -> None:
    owner, new = new_id(), await purses.card()
    old = await purses.card(owner, label="Mine")
    async with purses.transaction() as conn:
        await acts.limit_cards(conn, [acts.DailyLimitWish(old.id, owner, 1_000)], NOW)
        await set_card_pin(conn, old.id, owner, PIN, NOW)
        await count_spends(conn, [Spend(old.id, 700)], cap_cents=5_000, now=NOW)
    replaced = await replace(purses, old.id, new.code)
    assert replaced == Replaced(old.id, new.id, old.purse_id)
    assert (await purses.taken(new)).purse_id == old.purse_id
    (outcome,) = await purses.take(purses.read(old.tap()))
    assert outcome == Refused("card_blocked", {"card_id": old.id, "reason": "replaced"})
    for refusal in (
        await unblock(purses, old, owner),
        await block(purses, old, BlockReason.LOST),
    ):
        assert refusal == Refused("card_blocked", {"reason": "replaced"})
    async with purses.transaction() as conn:
        (mine,) = await reads.cards_of(conn, owner, NOW)
        (spent,) = await count_spends(conn, [Spend(new.id, 301)], cap_cents=5_000, now=NOW)
    assert (mine.id, mine.label, mine.daily_limit_cents, mine.has_pin) == (new.id, "Mine", 1_000, True)
    assert spent == Refused("daily_limit_reached", {"left_cents": 300, "daily_limit_cents": 1_000})


async def test_replaced_again_by_the_same_card_it_is_the_same_and_by_another_one_it_is_refused(
    purses: "Purses",
) -> None:
    old, new, third = await purses.card(), await purses.card(), await purses.card()
    await replace(purses, old.id, new.code)
    assert await replace(purses, old.id, new.code) == Replaced(old.id, new.id, old.purse_id)
    assert await replace(purses, old.id, third.code) == Refused("card_blocked", {"reason": "replaced"})
    assert len(await purses.facts("card_replaced")) == 1


async def test_a_card_that_somebody_has_replaces_none(purses: "Purses") -> None:
    old, linked, blocked, shared = (
        await purses.card(),
        await purses.card(new_id()),
        await purses.card(),
        await purses.card(),
    )
    await purses.card(purse_id=shared.purse_id)
    await block(purses, blocked)
    for code in (linked.code, blocked.code, shared.code, old.code):
        assert await replace(purses, old.id, code) == Refused("card_in_use")
    assert await replace(purses, old.id, "2" * 10) == Refused("code_wrong")
    assert await replace(purses, new_id(), old.code) == Refused("not_found")
    await purses.taken(old)


async def test_two_desks_that_hand_the_same_card_out_at_once_replace_one(purses: "Purses") -> None:
    first, second, new = await purses.card(), await purses.card(), await purses.card()
    both = await asyncio.gather(*(replace(purses, old.id, new.code) for old in (first, second)), return_exceptions=True)
    assert sum(isinstance(one, Replaced) for one in both) == 1
    assert all(isinstance(one, Replaced | Refused | Contended) for one in both)
    (counted,) = await purses.rows("select count(*) as n from wallet_cards.card where blocked_reason = 'replaced'")
    assert counted["n"] == 1


# --- told and forgotten ----------------------------------------------------------------------------------------------


async def test_a_person_is_told_of_their_cards_and_taps_and_forgotten_with_them(purses: "Purses") -> None:
    owner = new_id()
    held = await purses.card(owner, label="Léa's card")
    await purses.taken(held)
    async with purses.transaction() as conn:
        await set_card_pin(conn, held.id, owner, PIN, NOW)
        (told,) = await reads.export(conn, owner)
        assert (told["label"], told["uid"], told["taps"]) == ("Léa's card", held.chip.uid.hex().upper(), [NOW])
        assert await acts.erased(conn, owner, NOW + HOUR) is None
        (told,) = await reads.export(conn, owner)
    assert told["label"] is None
    assert await purses.rows("select 1 from wallet_cards.card_pin") == []
    assert "Léa" not in str(await purses.facts())


@pytest.mark.parametrize("table", ["card", "tap", "card_day", "card_pin"])
async def test_no_table_and_no_journal_holds_a_key_or_a_code(purses: "Purses", table: str) -> None:
    held = await purses.card(new_id())
    await purses.taken(held)
    await link(purses, a_link(purses, await purses.card(), new_id()))
    async with purses.transaction() as conn:
        assert isinstance((await count_spends(conn, [Spend(held.id, 1)], cap_cents=1, now=NOW))[0], Spent)
    kept = str(await purses.rows(f"select row_to_json(t)::text from wallet_cards.{table} as t")) + str(
        await purses.facts()
    )
    keys = purses.secrets.keys
    for number in range(5):
        assert keys.of(held.chip.uid, number).hex() not in kept.lower()
    assert held.code not in kept
