"""Cards are made, linked, blocked and replaced, each by authorised people only."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.money.wallet.conftest import HOUR, MINUTE, NOW, SECOND, waits_for_a_lock
from tests.zones import PARIS
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
    from tests.money.wallet.conftest import Held, Wallets

PIN = PinVerifier(b"0123456789abcdef", 10, b"verifier")


# --- made ------------------------------------------------------------------------------------------------------------


async def test_chips_are_registered_once_each_with_its_wallet(
    wallets: "Wallets",
) -> None:
    chips = [wallets.chip() for _ in range(20)]
    answers = []
    for _ in range(2):
        async with wallets.transaction() as conn:
            answers.append(await acts.personalise(conn, [wallets.new_card(chip) for chip in chips], who=None, now=NOW))
    first, again = answers
    assert first == again
    made = [card for card in first if isinstance(card, Card)]
    assert [card.uid for card in made] == [chip.uid for chip in chips]
    assert len({card.wallet_id for card in made}) == 20
    (counted,) = await wallets.rows("select count(*) as n from wallet_accounts.purse where owner_id is null")
    assert counted["n"] == 20
    assert len(await wallets.facts("card_personalised")) == 20


async def test_several_cards_share_a_wallet(wallets: "Wallets") -> None:
    owner = new_id()
    first, second = await wallets.card(owner), await wallets.card(owner)
    assert first.wallet_id == second.wallet_id
    assert (await wallets.taken(first)).wallet_id == (await wallets.taken(second)).wallet_id


async def test_a_wallet_that_does_not_exist_and_a_chip_that_is_another_card_are_refused(wallets: "Wallets") -> None:
    held, chip = await wallets.card(), wallets.chip()
    other_keys = NewCard(new_id(), held.chip.uid, bytes(32))
    nowhere = wallets.new_card(chip, wallet_id=new_id())
    async with wallets.transaction() as conn:
        outcomes = await acts.personalise(conn, [other_keys, nowhere], who=None, now=NOW)
    assert outcomes == [Refused("uid_taken", {"card_id": held.id}), Refused("not_found")]
    (counted,) = await wallets.rows("select count(*) as n from wallet_cards.card")
    assert counted["n"] == 1


async def test_the_same_chips_at_two_encoders_at_once_are_made_once(wallets: "Wallets") -> None:
    chips = [wallets.chip() for _ in range(5)]

    async def make() -> list[Card | Refused]:
        async with wallets.transaction() as conn:
            return await acts.personalise(conn, [wallets.new_card(chip) for chip in chips], who=None, now=NOW)

    async with wallets.transaction() as conn:
        first = await acts.personalise(conn, [wallets.new_card(chip) for chip in chips], who=None, now=NOW)
        racing = asyncio.create_task(make())
        await waits_for_a_lock(wallets)
    assert await racing == first
    (counted,) = await wallets.rows("select count(*) as n from wallet_accounts.purse")
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
    wallets: "Wallets", held: "Held", owner: UUID, *, tap: Tap | None = None, code: str | None = None
) -> acts.Link:
    return acts.Link(tap or wallets.read(held.tap()), wallets.secrets.codes.hash(code or held.code), owner, "The card")


async def link(wallets: "Wallets", wish: acts.Link) -> Linked | Refused:
    """Link as the route does: a refusal rolls everything back."""
    async with wallets.db.connection() as conn:
        transaction = conn.transaction()
        await transaction.start()
        outcome = await acts.link_card(
            conn, wish, wallet_max_cents=25_000, empty_closed=empty_closed, now=wallets.clock.now()
        )
        await (transaction.rollback() if isinstance(outcome, Refused) else transaction.commit())
    return outcome


async def test_the_first_linked_card_brings_its_wallet_and_later_ones_join_it(wallets: "Wallets") -> None:
    fan, first, second = new_id(), await wallets.card(), await wallets.card()
    beside = await wallets.card(wallet_id=second.wallet_id)
    assert await link(wallets, a_link(wallets, first, fan)) == Linked(first.id, first.wallet_id, None)
    linked = await link(wallets, a_link(wallets, second, fan))
    assert linked == Linked(second.id, first.wallet_id, second.wallet_id), "the balance moves with the card"
    async with wallets.transaction() as conn:
        mine = await reads.cards_of(conn, fan, zone=PARIS, now=NOW)
    assert [(card.id, card.label) for card in mine] == [
        (first.id, "The card"),
        (second.id, "The card"),
        (beside.id, None),
    ]
    assert {fact["about"] for fact in await wallets.facts("card_linked")} == {first.id, second.id, beside.id}


async def test_linking_a_card_again_changes_nothing(wallets: "Wallets") -> None:
    fan, held = new_id(), await wallets.card()
    first = await link(wallets, a_link(wallets, held, fan))
    assert await link(wallets, a_link(wallets, held, fan)) == first
    assert len(await wallets.facts("card_linked")) == 1


async def test_a_link_needs_the_code_and_a_tap_of_the_same_card(wallets: "Wallets") -> None:
    fan, held, other = new_id(), await wallets.card(), await wallets.card()
    seen = wallets.read(held.tap())
    wrong = [
        a_link(wallets, held, fan, tap=seen, code=other.code),
        a_link(wallets, held, fan, tap=wallets.read(other.tap())),
        a_link(wallets, held, fan, tap=Tap(new_id(), None)),
    ]
    refused = [await link(wallets, wish) for wish in wrong]
    assert refused == [Refused("code_wrong"), Refused("code_wrong"), Refused("tap_forged")]
    assert await wallets.rows("select 1 from wallet_accounts.purse where owner_id is not null") == []
    assert isinstance(await link(wallets, a_link(wallets, held, fan, tap=seen)), Linked), "a refusal consumes no tap"


async def test_the_tap_that_opened_the_page_links_for_five_minutes(wallets: "Wallets") -> None:
    held, late = await wallets.card(), await wallets.card()
    for card, wait, linked in ((held, 5 * MINUTE, True), (late, 5 * MINUTE + SECOND, False)):
        message = card.tap()
        await wallets.desk.look(message)
        wallets.clock.advance(wait)
        wish = a_link(wallets, card, new_id(), tap=wallets.read(message, look_id(message)))
        assert isinstance(await link(wallets, wish), Linked) == linked


async def test_a_tap_that_paid_at_a_till_links_no_card(wallets: "Wallets") -> None:
    held = await wallets.card()
    message = held.tap()
    await wallets.take(wallets.read(message))
    outcome = await link(wallets, a_link(wallets, held, new_id(), tap=wallets.read(message, look_id(message))))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "tap_replayed"


async def test_owned_and_blocked_cards_cannot_be_linked(wallets: "Wallets") -> None:
    theirs, blocked = await wallets.card(new_id()), await wallets.card()
    await block(wallets, blocked, BlockReason.STOLEN)
    assert await link(wallets, a_link(wallets, theirs, new_id())) == Refused("card_linked")
    outcome = await link(wallets, a_link(wallets, blocked, new_id()))
    assert isinstance(outcome, Refused)
    assert outcome.reason == "card_blocked"


async def test_a_card_linked_by_two_fans_at_once_belongs_to_one_and_cards_of_a_fan_share_a_wallet(
    wallets: "Wallets",
) -> None:
    held, fan = await wallets.card(), new_id()
    both = await asyncio.gather(*(link(wallets, a_link(wallets, held, new_id())) for _ in range(2)))
    assert sum(isinstance(one, Linked) for one in both) == 1
    cards = [await wallets.card() for _ in range(4)]
    linked = await asyncio.gather(*(link(wallets, a_link(wallets, card, fan)) for card in cards))
    assert len({one.wallet_id for one in linked if isinstance(one, Linked)}) == 1
    assert all(isinstance(one, Linked) for one in linked)


# --- blocked ---------------------------------------------------------------------------------------------------------


async def block(
    wallets: "Wallets", held: "Held", reason: BlockReason = BlockReason.LOST, owner: UUID | None = None
) -> Refused | None:
    async with wallets.transaction() as conn:
        (outcome,) = await acts.block_cards(conn, [acts.Block(held.id, reason, owner, owner)], NOW)
    return outcome


async def unblock(wallets: "Wallets", held: "Held", owner: UUID) -> Refused | None:
    async with wallets.transaction() as conn:
        (outcome,) = await acts.unblock_cards(conn, [acts.OwnersCard(held.id, owner)], NOW)
    return outcome


async def test_an_owner_blocks_and_unblocks_only_their_own_card(wallets: "Wallets") -> None:
    owner, stranger = new_id(), new_id()
    held = await wallets.card(owner)
    assert await block(wallets, held, BlockReason.OWNER, stranger) == Refused("not_found")
    await wallets.taken(held)
    assert await block(wallets, held, BlockReason.OWNER, owner) is None
    (outcome,) = await wallets.take(wallets.read(held.tap()))
    assert isinstance(outcome, Refused)
    assert await unblock(wallets, held, stranger) == Refused("not_found")
    assert await unblock(wallets, held, owner) is None
    await wallets.taken(held)


async def test_an_owner_cannot_unblock_a_card_blocked_by_staff(wallets: "Wallets") -> None:
    owner = new_id()
    held = await wallets.card(owner)
    assert await block(wallets, held, BlockReason.STOLEN) is None
    assert await block(wallets, held, BlockReason.OWNER, owner) is None, "the card is blocked"
    assert await unblock(wallets, held, owner) == Refused("card_blocked", {"reason": "stolen"})
    assert [fact["data"] for fact in await wallets.facts("card_blocked")] == [{"reason": "stolen"}]


async def test_staff_can_take_over_the_block_of_an_owner(wallets: "Wallets") -> None:
    owner = new_id()
    held = await wallets.card(owner)
    await block(wallets, held, BlockReason.OWNER, owner)
    await block(wallets, held, BlockReason.FRAUD)
    assert await unblock(wallets, held, owner) == Refused("card_blocked", {"reason": "fraud"})


async def test_a_block_of_many_cards_answers_each(wallets: "Wallets") -> None:
    cards = [await wallets.card() for _ in range(3)]
    blocks = [acts.Block(card_id, BlockReason.LOST, None) for card_id in (*(card.id for card in cards), new_id())]
    async with wallets.transaction() as conn:
        assert await acts.block_cards(conn, blocks, NOW) == [None, None, None, Refused("not_found")]
    (counted,) = await wallets.rows("select count(*) as n from wallet_cards.card where blocked_reason = 'lost'")
    assert counted["n"] == 3


# --- replaced --------------------------------------------------------------------------------------------------------


async def replace(wallets: "Wallets", card_id: UUID, code: str) -> Replaced | Refused:
    async with wallets.transaction() as conn:
        wish = acts.Replacement(card_id, wallets.secrets.codes.hash(code), None)
        return await acts.replace_card(conn, wish, zone=PARIS, now=wallets.clock.now())


async def test_a_replacement_card_has_the_same_wallet_and_the_old_one_is_blocked_for_ever(wallets: "Wallets") -> None:
    owner, new = new_id(), await wallets.card()
    old = await wallets.card(owner, label="Mine")
    async with wallets.transaction() as conn:
        await acts.limit_cards(conn, [acts.DailyLimitRequest(old.id, owner, 1_000)], NOW)
        await set_card_pin(conn, old.id, owner, PIN, NOW)
        await count_spends(conn, [Spend(old.id, 700)], cap_cents=5_000, zone=PARIS, now=NOW)
    replaced = await replace(wallets, old.id, new.code)
    assert replaced == Replaced(old.id, new.id, old.wallet_id)
    assert (await wallets.taken(new)).wallet_id == old.wallet_id
    (outcome,) = await wallets.take(wallets.read(old.tap()))
    assert outcome == Refused("card_blocked", {"card_id": old.id, "reason": "replaced"})
    for refusal in (
        await unblock(wallets, old, owner),
        await block(wallets, old, BlockReason.LOST),
    ):
        assert refusal == Refused("card_blocked", {"reason": "replaced"})
    async with wallets.transaction() as conn:
        (mine,) = await reads.cards_of(conn, owner, zone=PARIS, now=NOW)
        (spent,) = await count_spends(conn, [Spend(new.id, 301)], cap_cents=5_000, zone=PARIS, now=NOW)
    assert (mine.id, mine.label, mine.daily_limit_cents, mine.has_pin) == (new.id, "Mine", 1_000, True)
    assert spent == Refused("daily_limit_reached", {"left_cents": 300, "daily_limit_cents": 1_000})


async def test_a_repeated_replacement_is_idempotent_and_another_card_is_refused(
    wallets: "Wallets",
) -> None:
    old, new, third = await wallets.card(), await wallets.card(), await wallets.card()
    await replace(wallets, old.id, new.code)
    assert await replace(wallets, old.id, new.code) == Replaced(old.id, new.id, old.wallet_id)
    assert await replace(wallets, old.id, third.code) == Refused("card_blocked", {"reason": "replaced"})
    assert len(await wallets.facts("card_replaced")) == 1


async def test_a_card_with_an_owner_cannot_be_a_replacement(wallets: "Wallets") -> None:
    old, linked, blocked, shared = (
        await wallets.card(),
        await wallets.card(new_id()),
        await wallets.card(),
        await wallets.card(),
    )
    await wallets.card(wallet_id=shared.wallet_id)
    await block(wallets, blocked)
    for code in (linked.code, blocked.code, shared.code, old.code):
        assert await replace(wallets, old.id, code) == Refused("card_in_use")
    assert await replace(wallets, old.id, "2" * 10) == Refused("code_wrong")
    assert await replace(wallets, new_id(), old.code) == Refused("not_found")
    await wallets.taken(old)


async def test_two_desks_that_hand_the_same_card_out_at_once_replace_one(wallets: "Wallets") -> None:
    first, second, new = await wallets.card(), await wallets.card(), await wallets.card()
    both = await asyncio.gather(
        *(replace(wallets, old.id, new.code) for old in (first, second)), return_exceptions=True
    )
    assert sum(isinstance(one, Replaced) for one in both) == 1
    assert all(isinstance(one, Replaced | Refused | Contended) for one in both)
    (counted,) = await wallets.rows("select count(*) as n from wallet_cards.card where blocked_reason = 'replaced'")
    assert counted["n"] == 1


# --- facts and erasure
# ------------------------------------------------------------------------------------------------


async def test_cards_and_taps_are_exported_and_erased_with_their_owner(wallets: "Wallets") -> None:
    owner = new_id()
    held = await wallets.card(owner, label="Léa's card")
    await wallets.taken(held)
    async with wallets.transaction() as conn:
        await set_card_pin(conn, held.id, owner, PIN, NOW)
        (exported,) = await reads.export(conn, owner)
        assert (exported["label"], exported["uid"], exported["taps"]) == (
            "Léa's card",
            held.chip.uid.hex().upper(),
            [NOW],
        )
        assert await acts.erased(conn, owner, NOW + HOUR) is None
        (exported,) = await reads.export(conn, owner)
    assert exported["label"] is None
    assert await wallets.rows("select 1 from wallet_cards.card_pin") == []
    assert "Léa" not in str(await wallets.facts())


@pytest.mark.parametrize("table", ["card", "tap", "card_day", "card_pin"])
async def test_keys_and_codes_are_in_no_table_and_no_journal(wallets: "Wallets", table: str) -> None:
    held = await wallets.card(new_id())
    await wallets.taken(held)
    await link(wallets, a_link(wallets, await wallets.card(), new_id()))
    async with wallets.transaction() as conn:
        assert isinstance((await count_spends(conn, [Spend(held.id, 1)], cap_cents=1, zone=PARIS, now=NOW))[0], Spent)
    kept = str(await wallets.rows(f"select row_to_json(t)::text from wallet_cards.{table} as t")) + str(
        await wallets.facts()
    )
    keys = wallets.secrets.keys
    for number in range(5):
        assert keys.of(held.chip.uid, number).hex() not in kept.lower()
    assert held.code not in kept
