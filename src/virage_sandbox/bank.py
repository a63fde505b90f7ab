"""The payments of the sandbox, in memory. Every change is an entry, so that the file of entries is the whole state."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage_sandbox.cards import CHALLENGE_CODE, CODE_TRIES_MAX, Card, Iban, fingerprint, last_digits
from virage_sandbox.readers import DECLINES, Behaviour, behaviour_of
from virage_sandbox.wire import (
    Dispute,
    DisputeStage,
    Event,
    EvidenceStatus,
    NewCharge,
    NewEvidence,
    NewPayment,
    NewReaderPayment,
    NewRefund,
    PayoutEntry,
    RefundStatus,
    Stage,
    Status,
)

Change = TypeVar("Change", "Opened", "Moved", "Refunded", "Forgotten", "Disputed")

OPEN = frozenset({Stage.OPEN, Stage.CHALLENGED})
FEE_PERMILLE, FEE_CENTS = 14, 25
"""Fee of a capture: 1.4 % and 25 cents; refunds cost nothing, and return no fee."""
EVIDENCE_WITHIN = timedelta(days=7)


class Opened(Struct, frozen=True, tag="opened"):
    """A payment page was opened."""

    payment: NewPayment


class Moved(Struct, frozen=True, tag="moved", omit_defaults=True):
    """A payment changed its state. `copies` of the event are due to the merchant from `due_s` (Unix time) on."""

    event: Event
    card: Card | None = None
    code_failures: int = 0
    copies: int = 0
    due_s: float = 0.0
    iban: Iban | None = None


class Refunded(Struct, frozen=True, tag="refunded"):
    """A refund was attempted."""

    refund: NewRefund
    done: bool
    at_s: float = 0.0


class Delivered(Struct, frozen=True, tag="delivered"):
    """Events were delivered to the merchant, once for each occurrence in the list."""

    event_ids: list[str]


class Forgotten(Struct, frozen=True, tag="forgotten"):
    """Stored cards that were deleted."""

    ids: list[UUID]


class Disputed(Struct, frozen=True, tag="disputed", omit_defaults=True):
    """A dispute began, or `evidence` of it came. Its event is due to the merchant from `due_s` (Unix time) on."""

    event: Event
    due_s: float
    evidence: NewEvidence | None = None


Entry = Opened | Moved | Refunded | Delivered | Forgotten | Disputed


class Owed(Struct):
    """An event that the merchant has not confirmed."""

    event: Event
    copies: int
    due_s: float


class Account(Struct):
    """The state of one payment."""

    id: UUID
    amount_cents: int
    return_url: str
    state: Stage = Stage.OPEN
    captured_cents: int = 0
    refunded_cents: int = 0
    reason: str | None = None
    card: Card | None = None
    code_failures: int = 0
    refunds_refused: int = 0
    keeps: bool = False
    forgotten: bool = False
    currency: str = "EUR"
    captured_s: float = 0.0
    debit: bool = False
    iban: Iban | None = None
    debited_s: float = 0.0
    offers: UUID | None = None
    account: str | None = None
    application_fee_cents: int = 0
    merchant: str | None = None
    reader: str | None = None
    confirmed: bool = False  # a stored card whose bank has let it be charged off-session since

    @property
    def kept(self) -> str | None:
        """The stored card, as the merchant may show it."""
        keeps = self.keeps and self.state is Stage.CAPTURED and not self.forgotten
        return last_digits(self.card) if keeps and self.card is not None else None

    @property
    def status(self) -> Status:
        """The payment, as the merchant sees it."""
        cents = (self.amount_cents, self.captured_cents, self.refunded_cents)
        paid_by = self.card if self.captured_cents else None
        card_ref = None if paid_by is None else fingerprint(paid_by)
        return Status(self.id, self.state, *cents, self.reason, self.kept, self.account, card_ref)


class Bank:
    """Each operation applies its entry and returns it, or None if nothing changed."""

    def __init__(self, late_s: float = 5.0, debit_s: float = 30.0, reader_s: float = 3.0) -> None:
        self._late_s = late_s
        self._debit_s = debit_s
        self._reader_s = reader_s
        self.debits: set[UUID] = set()
        self.at_readers: dict[UUID, float] = {}
        """Payments that wait for a card at a reader, and since when; zero after a restart."""
        self.accounts: dict[UUID, Account] = {}
        self.refunds: dict[UUID, RefundStatus] = {}
        self._refunded: dict[UUID, NewRefund] = {}
        self.refunded_s: dict[UUID, float] = {}
        self._application_fees_returned: dict[UUID, int] = {}
        self.disputes: dict[str, tuple[UUID, Dispute]] = {}
        self.evidence: dict[str, NewEvidence] = {}
        self.owed: dict[str, Owed] = {}
        self._events = 0

    def open(self, payment: NewPayment) -> Opened | None:
        """Open a payment page; idempotent."""
        if payment.id in self.accounts:
            return None
        return self._applied(Opened(payment))

    def is_same(self, payment: NewPayment) -> bool:
        """Return whether a payment equals the one stored under its id."""
        known = self.accounts[payment.id]
        asked = ("amount_cents", "currency", "keeps", "debit", "offers", "account", "application_fee_cents")
        return all(getattr(known, name) == getattr(payment, name) for name in asked)

    def charge(self, charge: NewCharge, now_s: float) -> list[Opened | Moved]:
        """Charge a stored card off-session; idempotent."""
        if charge.id in self.accounts:
            return []
        method = self.accounts.get(charge.method_id)
        back = "" if method is None else method.return_url
        opened = self._applied(Opened(NewPayment(charge.id, charge.amount_cents, back, currency=charge.currency)))
        account, card = self.accounts[charge.id], None if method is None or method.kept is None else method.card
        if card is None:
            return [opened, self._move(account, Stage.DECLINED, "method_unknown", None, now_s)]
        if card is Card.CHALLENGE:
            if method is not None and method.confirmed:
                return [opened, self._move(account, Stage.CAPTURED, None, card, now_s)]
            return [opened, self._move(account, Stage.DECLINED, "authentication_required", card, now_s)]
        moved = self.pay(account, card, now_s)
        return [opened] if moved is None else [opened, moved]

    def offered(self, account: Account) -> Card | None:
        """Return the stored card that a page offers."""
        method = None if account.offers is None else self.accounts.get(account.offers)
        return None if method is None or method.kept is None else method.card

    def forget(self, ids: list[UUID]) -> Forgotten:
        """Delete stored cards."""
        return self._applied(Forgotten(ids))

    def pay(self, account: Account, card: Card, now_s: float) -> Moved | None:
        """Authorise a card."""
        if account.state not in OPEN:
            return None
        match card:
            case Card.DECLINED | Card.CHARGE_DECLINED if card is Card.DECLINED or not account.keeps:
                return self._move(account, Stage.DECLINED, "card_declined", card, now_s)
            case Card.INSUFFICIENT:
                return self._move(account, Stage.DECLINED, "insufficient_funds", card, now_s)
            case Card.CHALLENGE if account.state is Stage.CHALLENGED:
                return None
            case Card.CHALLENGE:
                return self._move(account, Stage.CHALLENGED, None, card, now_s)
            case _:
                return self._move(account, Stage.CAPTURED, None, card, now_s)

    def start_debit(self, account: Account, iban: Iban, now_s: float) -> Moved | None:
        """Authorise a debit, which the bank pays or refuses later."""
        if account.state not in OPEN or not account.debit:
            return None
        return self._move(account, Stage.PROCESSING, None, None, now_s, iban)

    def end_debits(self, now_s: float) -> list[Moved]:
        """Pay or refuse the debits whose time has come."""
        accounts = [self.accounts[id_] for id_ in sorted(self.debits)]
        return [
            self._move(account, Stage.CAPTURED, None, None, now_s, account.iban)
            if account.iban is Iban.PAYS
            else self._move(account, Stage.DECLINED, "insufficient_funds", None, now_s, account.iban)
            for account in accounts
            if account.debited_s + self._debit_s <= now_s
        ]

    def hand_to_reader(self, asked: NewReaderPayment, now_s: float) -> Opened | str | None:
        """Let a reader take a payment; idempotent. Returns the reason if it does not begin."""
        if asked.id in self.accounts:
            return None
        behaviour = behaviour_of(asked.reader)
        if behaviour is None or behaviour is Behaviour.OFFLINE:
            return "reader_unknown" if behaviour is None else "reader_offline"
        if self.is_busy(asked.reader):
            return "reader_busy"
        payment = NewPayment(asked.id, asked.amount_cents, "", currency=asked.currency, reader=asked.reader)
        opened = self._applied(Opened(payment))
        self.at_readers[asked.id] = now_s
        return opened

    def is_busy(self, reader: str) -> bool:
        """Return whether a reader waits for a card."""
        return any(self.accounts[id_].reader == reader for id_ in self.at_readers)

    def take_cards(self, now_s: float, presented: Sequence[str] = ()) -> list[Moved]:
        """Charge or decline the cards that readers have taken meanwhile, or that are presented at some of them now."""
        moves = []
        for id_, since_s in list(self.at_readers.items()):
            account = self.accounts[id_]
            waits = behaviour_of(account.reader or "") is Behaviour.WAITS or since_s + self._reader_s > now_s
            if waits and account.reader not in presented:
                continue
            reason = DECLINES.get(account.amount_cents % 100)
            stage = Stage.CAPTURED if reason is None else Stage.DECLINED
            moves.append(self._move(account, stage, reason, None, now_s))
        return moves

    def answer_challenge(self, account: Account, code: str, now_s: float) -> Moved | None:
        """Check a 3-D Secure code: the right one captures, the third wrong one declines."""
        if account.state is not Stage.CHALLENGED:
            return None
        if code.strip() == CHALLENGE_CODE:
            return self._move(account, Stage.CAPTURED, None, account.card, now_s)
        failures = account.code_failures + 1
        if failures >= CODE_TRIES_MAX:
            return self._move(account, Stage.DECLINED, "challenge_failed", account.card, now_s)
        event = Event(self._event_id(), account.id, Stage.CHALLENGED, account.amount_cents, account=account.account)
        return self._applied(Moved(event, account.card, failures))

    def end(self, account: Account, stage: Stage, now_s: float) -> Moved | None:
        """Cancel or expire a payment; a payment in a final state is unchanged."""
        if account.state not in OPEN:
            return None
        return self._move(account, stage, None, account.card, now_s)

    def refund(self, refund: NewRefund, now_s: float) -> tuple[RefundStatus, Refunded | None]:
        """Refund money: never more than was captured, once per id."""
        known = self._refunded.get(refund.id)
        if known is not None:
            same = known == refund
            return (self.refunds[refund.id] if same else RefundStatus(refund.id, done=False, reason="id_taken")), None
        account = self.accounts.get(refund.payment_id)
        if account is None or account.state is not Stage.CAPTURED:
            return RefundStatus(refund.id, done=False, reason="not_captured"), None
        if not 0 < refund.amount_cents <= account.captured_cents - account.refunded_cents:
            return RefundStatus(refund.id, done=False, reason="exceeds_capture"), None
        done = account.card is not Card.REFUND_FAILS_FIRST or account.refunds_refused > 0
        entry = self._applied(Refunded(refund, done, now_s))
        reason = None if done else "bank_refused"
        return RefundStatus(refund.id, done, reason), entry

    def dispute(self, account: Account, now_s: float) -> Disputed:
        """Let the cardholder dispute a captured payment; the merchant hears of it late, after the capture."""
        now = datetime.fromtimestamp(now_s, UTC).replace(microsecond=0)
        dispute = Dispute(
            f"dp_{account.id}",
            account.captured_cents,
            "fraudulent",
            DisputeStage.NEEDS_RESPONSE,
            now,
            now + EVIDENCE_WITHIN,
        )
        return self._applied(Disputed(self._about(account.id, dispute), now_s + self._late_s))

    def take_evidence(self, evidence: NewEvidence, now_s: float) -> tuple[EvidenceStatus, Disputed | None]:
        """Take evidence of a dispute, once, until it is due."""
        known = self.evidence.get(evidence.dispute_id)
        if known is not None:
            same = known.id == evidence.id
            return EvidenceStatus(evidence.id, same, None if same else "evidence_taken"), None
        found = self.disputes.get(evidence.dispute_id)
        if found is None:
            return EvidenceStatus(evidence.id, taken=False, reason="dispute_unknown"), None
        payment_id, dispute = found
        if dispute.due_at.timestamp() <= now_s:
            return EvidenceStatus(evidence.id, taken=False, reason="past_due"), None
        event = self._about(payment_id, replace(dispute, state=DisputeStage.UNDER_REVIEW))
        return EvidenceStatus(evidence.id, taken=True), self._applied(Disputed(event, now_s, evidence))

    def _about(self, payment_id: UUID, dispute: Dispute) -> Event:
        account = self.accounts[payment_id].account
        return Event(
            self._event_id(), payment_id, Stage.CAPTURED, dispute.amount_cents, dispute=dispute, account=account
        )

    def balance(self) -> Iterator[PayoutEntry]:
        """Return all captures and refunds of money with their fees, and application fees, in no order."""
        for account in self.accounts.values():
            if account.captured_cents:
                fee = (account.captured_cents * FEE_PERMILLE + 500) // 1000 + FEE_CENTS
                entry = PayoutEntry(
                    f"txn_{account.id}",
                    account.captured_cents,
                    fee + account.application_fee_cents,
                    account.currency,
                    datetime.fromtimestamp(account.captured_s, UTC),
                    account.id,
                    owner=account.account,
                    account=account.account,
                )
                yield entry
                if account.application_fee_cents:
                    yield _application_fee(entry, account.application_fee_cents)
        for refund in self._refunded.values():
            account, returned = self.accounts[refund.payment_id], self._application_fees_returned[refund.id]
            entry = PayoutEntry(
                f"txn_{refund.id}",
                -refund.amount_cents,
                -returned,
                account.currency,
                datetime.fromtimestamp(self.refunded_s[refund.id], UTC),
                refund.payment_id,
                refund.id,
                owner=account.account,
                account=account.account,
            )
            yield entry
            if returned:
                yield _application_fee(entry, -returned)

    def listed(self, state: Stage | None, after: UUID | None) -> Iterator[Account]:
        """Return payments in order of id, after an id, in one state or in any."""
        ids = sorted(self.accounts) if after is None else sorted(one for one in self.accounts if one > after)
        return (account for one in ids if (account := self.accounts[one]).state is state or state is None)

    def apply(self, entry: Entry) -> None:
        """Apply an entry, now or when the file is read again."""
        match entry:
            case Opened(payment):
                self._apply_opening(payment)
            case Moved():
                self._apply_move(entry)
            case Disputed(event, due_s, evidence) if event.dispute is not None:
                self.disputes[event.dispute.id] = (event.payment_id, event.dispute)
                if evidence is not None:
                    self.evidence[event.dispute.id] = evidence
                self._events += 1
                self.owed[event.id] = Owed(event, 1, due_s)
            case Refunded(refund, done, at_s):
                self._apply_refund(refund, done, at_s)
            case Forgotten(ids):
                for account in (self.accounts[id_] for id_ in ids if id_ in self.accounts):
                    account.forgotten = True
            case Delivered(event_ids):
                for event_id in event_ids:
                    self._apply_delivery(event_id)

    def _apply_opening(self, payment: NewPayment) -> None:
        account = Account(payment.id, payment.amount_cents, payment.return_url, keeps=payment.keeps)
        account.currency, account.debit, account.offers = payment.currency, payment.debit, payment.offers
        account.account, account.application_fee_cents = payment.account, payment.application_fee_cents
        account.merchant, account.reader = payment.merchant, payment.reader
        self.accounts[payment.id] = account
        if payment.reader is not None:
            self.at_readers[payment.id] = 0.0

    def _apply_move(self, moved: Moved) -> None:
        event = moved.event
        account = self.accounts[event.payment_id]
        account.state, account.reason, account.card = event.state, event.reason, moved.card
        account.code_failures, account.iban = moved.code_failures, moved.iban
        self.debits.discard(account.id)
        self.at_readers.pop(account.id, None)
        if event.state is Stage.PROCESSING:
            account.debited_s = moved.due_s
            self.debits.add(account.id)
        if event.state is Stage.CAPTURED:
            account.captured_cents = event.amount_cents
            account.captured_s = moved.due_s
            method = None if account.offers is None else self.accounts.get(account.offers)
            if method is not None and method.card is moved.card:
                method.confirmed = True
        self._events += 1
        if moved.copies:
            self.owed[event.id] = Owed(event, moved.copies, moved.due_s)

    def _apply_refund(self, refund: NewRefund, done: bool, at_s: float) -> None:
        account = self.accounts[refund.payment_id]
        if done:
            before, fee = account.refunded_cents, account.application_fee_cents if refund.returns_application_fee else 0
            account.refunded_cents += refund.amount_cents
            captured = account.captured_cents
            self._application_fees_returned[refund.id] = (
                fee * account.refunded_cents // captured - fee * before // captured
            )
            self._refunded[refund.id] = refund
            self.refunded_s[refund.id] = at_s
            self.refunds[refund.id] = RefundStatus(refund.id, done=True)
        else:
            account.refunds_refused += 1

    def _apply_delivery(self, event_id: str) -> None:
        owed = self.owed.get(event_id)
        if owed is not None:
            owed.copies -= 1
            if owed.copies <= 0:
                del self.owed[event_id]

    def _applied(self, entry: Change) -> Change:
        self.apply(entry)
        return entry

    def _event_id(self) -> str:
        return f"evt_{self._events + 1:012d}"

    def _move(  # noqa: PLR0917 - the parts of one change
        self,
        account: Account,
        stage: Stage,
        reason: str | None,
        card: Card | None,
        now_s: float,
        iban: Iban | None = None,
    ) -> Moved:
        cents = account.amount_cents
        if stage is Stage.CAPTURED and card is Card.AMOUNT_WRONG and cents:
            cents -= 1
        kept = last_digits(card) if account.keeps and stage is Stage.CAPTURED and card is not None else None
        event = Event(self._event_id(), account.id, stage, cents, reason, kept, account=account.account)
        copies, due_s = 1, now_s
        if stage in OPEN or card is Card.WEBHOOK_NEVER:
            copies = 0
        elif card is Card.WEBHOOK_TWICE:
            copies = 2
        elif card is Card.WEBHOOK_LATE:
            due_s += self._late_s
        return self._applied(Moved(event, card, account.code_failures, copies, due_s, iban))


def _application_fee(entry: PayoutEntry, cents: int) -> PayoutEntry:
    """Return the application fee of an entry of another account, which the merchant gets."""
    return replace(entry, id=f"{entry.id}_fee", amount_cents=cents, fee_cents=0, owner=None)
