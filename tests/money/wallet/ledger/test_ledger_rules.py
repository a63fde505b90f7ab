"""The rules of the ledger: money is spent once, all or nothing, and sums to zero."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from virage.money.wallet.ledger.rules import (
    CENTS_MAX,
    IN_POINTS,
    Account,
    AccountKind,
    Balance,
    Entry,
    Posted,
    Posting,
    Reason,
    Step,
    StoredTransfer,
    Transfer,
    account,
    bonus,
    decide,
    wallet_account,
)
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

TILL = account(AccountKind.REVENUE, "till 1:200")
TIPS = account(AccountKind.TIPS, "till 1")
WALLET = wallet_account(new_id())


def pay(cents: int, debit: Account = WALLET, credit: Account = TILL, id_: UUID | None = None) -> Transfer:
    return Transfer(id_ or new_id(), debit, credit, cents, "sale", WALLET.id)


def hold(cents: int) -> Transfer:
    return Transfer(new_id(), WALLET, TILL, cents, "order", WALLET.id, Step.HOLD)


def end(held: Transfer, cents: int, step: Step) -> Transfer:
    return Transfer(new_id(), held.debit, held.credit, cents, "order", held.subject, step, held.id)


def books(cents: int, held: int = 0) -> dict[UUID, Balance]:
    return {WALLET.id: Balance(cents, held), TILL.id: Balance(), TIPS.id: Balance()}


def tried(
    balances: Mapping[UUID, Balance], *entries: Entry, kept: Mapping[UUID, StoredTransfer] | None = None
) -> Posting:
    return decide(entries, balances, kept or {})


def reasons(posting: Posting) -> list[str | None]:
    return [one.reason if isinstance(one, Refused) else None for one in posting.outcomes]


def test_a_wallet_pays_what_it_has_and_not_a_cent_more() -> None:
    posting = tried(books(1000), [pay(700)], [pay(301)], [pay(300)])
    assert posting.outcomes == [
        Posted(300),
        Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": 300}),
        Posted(0),
    ]
    assert posting.moved == {WALLET.id: Balance(0), TILL.id: Balance(1000)}


def test_an_entry_happens_whole_or_not_at_all() -> None:
    posting = tried(books(1000), [pay(900), pay(200, credit=TIPS)], [pay(1000)])
    assert posting.outcomes == [Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": 1000}), Posted(0)]
    assert posting.moved == {WALLET.id: Balance(0), TILL.id: Balance(1000)}
    assert len(posting.new) == 1


def test_credited_money_can_be_spent_by_the_next_entry_of_the_batch() -> None:
    clearing = account(AccountKind.CLEARING, "cards")
    balances = books(0) | {clearing.id: Balance()}
    assert reasons(tried(balances, [pay(500)], [pay(500, clearing, WALLET)], [pay(500)])) == [
        Reason.INSUFFICIENT_FUNDS,
        None,
        None,
    ]


def test_accounts_of_the_operator_can_be_negative() -> None:
    loss = account(AccountKind.LOSS, "offline")
    assert reasons(tried(books(0) | {loss.id: Balance()}, [pay(500, debit=loss)])) == [None]


def test_bonus_credit_is_spent_to_its_end() -> None:
    given_ = bonus(WALLET.id)
    posting = tried(books(0) | {given_.id: Balance(300)}, [pay(300, debit=given_)], [pay(1, debit=given_)])
    assert reasons(posting) == [None, Reason.INSUFFICIENT_FUNDS]


def test_a_repeated_entry_gets_the_same_answer_and_changes_nothing() -> None:
    entry = [pay(400), pay(100, credit=TIPS)]
    posting = tried(books(1000), entry, entry)
    assert posting.outcomes == [Posted(500), Posted(500)]
    assert len(posting.new) == 2
    stored = {t.id: StoredTransfer(t.id, t.debit.id, t.credit.id, t.subject, t.cents, t.step) for t in entry}
    again = tried(books(500), entry, kept=stored)
    assert (again.outcomes, again.new, again.moved) == ([Posted(500)], [], {})


def test_a_reused_id_with_other_content_is_refused() -> None:
    first = pay(400)
    twin = pay(401, id_=first.id)
    assert reasons(tried(books(1000), [first], [twin], [pay(1), first])) == [
        None,
        Reason.TRANSFER_ID_TAKEN,
        Reason.TRANSFER_ID_TAKEN,
    ]


def test_one_id_twice_in_an_entry_is_refused() -> None:
    first = pay(400)
    assert reasons(tried(books(1000), [first, first])) == [Reason.TRANSFER_ID_TAKEN]


def test_a_hold_keeps_money_without_moving_it() -> None:
    held = hold(600)
    posting = tried(books(1000), [held], [pay(401)], [pay(400)])
    assert reasons(posting) == [None, Reason.INSUFFICIENT_FUNDS, None]
    assert posting.moved == {WALLET.id: Balance(600, 600), TILL.id: Balance(400)}


def test_a_capture_takes_at_most_the_hold_and_releases_the_rest() -> None:
    held = hold(600)
    posting = tried(books(1000), [held], [end(held, 601, Step.CAPTURE)], [end(held, 450, Step.CAPTURE)], [pay(550)])
    assert reasons(posting) == [None, Reason.EXCEEDS_HOLD, None, None]
    assert posting.moved == {WALLET.id: Balance(0), TILL.id: Balance(1000)}


def test_a_void_releases_the_whole_hold() -> None:
    held = hold(600)
    posting = tried(books(600), [held], [end(held, 600, Step.VOID)], [pay(600)])
    assert reasons(posting) == [None, None, None]


def test_a_hold_ends_once() -> None:
    held = hold(600)
    ends = [[end(held, 600, step)] for step in (Step.CAPTURE, Step.CAPTURE, Step.VOID)]
    assert reasons(tried(books(1000), [held], *ends)) == [None, None, Reason.HOLD_ENDED, Reason.HOLD_ENDED]


def test_an_entry_that_is_refused_leaves_open_the_hold_that_it_would_have_ended() -> None:
    held = hold(600)
    too_much = [end(held, 450, Step.CAPTURE), pay(551)]
    posting = tried(books(1000), [held], too_much, [end(held, 450, Step.CAPTURE), pay(550)])
    assert posting.outcomes == [
        Posted(400),
        Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": 400}),
        Posted(0),
    ]
    assert posting.moved == {WALLET.id: Balance(0), TILL.id: Balance(1000)}


def test_only_a_hold_of_the_same_accounts_is_ended() -> None:
    held, paid = hold(600), pay(100)
    elsewhere = Transfer(new_id(), WALLET, TIPS, 600, "order", WALLET.id, Step.CAPTURE, held.id)
    nowhere = Transfer(new_id(), WALLET, TILL, 600, "order", WALLET.id, Step.CAPTURE)
    assert reasons(tried(books(1000), [held], [paid], [elsewhere], [end(paid, 100, Step.VOID)], [nowhere])) == [
        None,
        None,
        Reason.HOLD_NOT_FOUND,
        Reason.HOLD_NOT_FOUND,
        Reason.HOLD_NOT_FOUND,
    ]


def test_amounts_are_positive_and_no_account_pays_itself() -> None:
    for bad in (pay(0), pay(-5), pay(CENTS_MAX + 1), pay(5, credit=WALLET)):
        assert reasons(tried(books(10**9), [bad])) == [Reason.AMOUNT_INVALID]


def test_an_unknown_account_is_reported() -> None:
    assert reasons(tried(books(1000), [pay(5, credit=wallet_account(new_id()))])) == [Reason.ACCOUNT_NOT_FOUND]


WALLETS = [wallet_account(new_id()) for _ in range(3)]
HOUSE = [account(AccountKind.CLEARING, "cards"), TILL, TIPS]
WISHES = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([*WALLETS, *HOUSE]),
            st.sampled_from([*WALLETS, *HOUSE]),
            st.integers(-5, 500),
            st.sampled_from(Step),
            st.integers(0, 12),
        ),
        min_size=1,
        max_size=3,
    ),
    max_size=12,
)


@given(WISHES, st.lists(st.integers(0, 600), min_size=3, max_size=3))
def test_after_any_requests_the_ledger_sums_to_zero_and_no_wallet_is_overdrawn(
    wishes: Sequence[Sequence[tuple[Account, Account, int, Step, int]]], loaded: Sequence[int]
) -> None:
    ids = [new_id() for _ in range(13)]
    start = {one.id: Balance(cents) for one, cents in zip(WALLETS, loaded, strict=True)}
    start |= {one.id: Balance() for one in HOUSE}
    start[HOUSE[0].id] = Balance(-sum(loaded))
    made: list[UUID] = []
    entries = []
    for wish in wishes:
        entry = []
        for debit, credit, cents, step, name in wish:
            ends = ids[name] if step in (Step.CAPTURE, Step.VOID) else None
            made.append(ids[len(made) % 13] if name > 9 else new_id())
            entry.append(Transfer(made[-1], debit, credit, cents, "any", ids[0], step, ends))
        entries.append(entry)
    posting = decide(entries, start, {})
    after = {**start, **posting.moved}
    assert sum(balance.balance_cents for balance in after.values()) == 0
    assert all(after[one.id].available_cents >= 0 and after[one.id].held_cents >= 0 for one in WALLETS)
    assert len({transfer.id for transfer in posting.new}) == len(posting.new)


ACCOUNTS = [*(account(kind, "x") for kind in AccountKind if kind is not AccountKind.WALLET), wallet_account(new_id())]


@given(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 10**9))
def test_no_transfer_goes_between_points_and_money(debit: Account, credit: Account, amount: int) -> None:
    transfer = Transfer(new_id(), debit, credit, amount, "try", new_id())
    balances = {debit.id: Balance(10**9), credit.id: Balance(10**9)}
    posting = decide([[transfer]], balances, {})
    if debit.id == credit.id:
        assert posting.outcomes == [Refused(Reason.AMOUNT_INVALID)]
    elif (debit.kind in IN_POINTS) != (credit.kind in IN_POINTS):
        assert posting.outcomes == [Refused(Reason.UNITS_DIFFER)]
        assert (posting.new, posting.moved) == ([], {})
    else:
        assert isinstance(posting.outcomes[0], Posted)


@given(st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS), st.integers(1, 500)), max_size=30))
def test_each_unit_sums_to_zero_by_itself(wanted: Sequence[tuple[Account, Account, int]]) -> None:
    entries = [[Transfer(new_id(), debit, credit, amount, "try", new_id())] for debit, credit, amount in wanted]
    moved_to = decide(entries, {one.id: Balance() for one in ACCOUNTS}, {}).moved
    for is_points in (True, False):
        ids = {one.id for one in ACCOUNTS if (one.kind in IN_POINTS) is is_points}
        assert sum(balance.balance_cents for id_, balance in moved_to.items() if id_ in ids) == 0
