"""Recorded requests of money: the wallet, top-ups and payouts, cards, phones that pay, tills."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from tests.golden.requests_cast import TILL_ID, Signer, base64url
from tests.golden.requests_story import ANY, Story
from tests.golden.requests_story_sale import captured
from tests.identity.passes.make_vectors import Ed25519Phone
from tests.money.fiscal.till import Till, refund_of
from virage.money.fiscal.rules.record import Kind, Line, Tender, TenderKind, VerifiedRecord

LOAD = b"virage:load:v1\0"
PAY = b"virage:pay:v1\0"


async def play(story: Story) -> None:
    """Play all of it."""
    await top_ups(story)
    await automatic(story)
    await tills(story)
    await cards(story)
    await phones(story)
    await desk(story)
    await pay_back(story)


async def top_ups(story: Story) -> None:
    """Top the wallet up, too little, too much and once; get a bonus."""
    wish: dict[str, Any] = {"id": story.new_id(), "payment_id": story.new_id(), "cents": 5_000}
    await story.ask("fan", "GET", "/api/wallet")
    await story.ask("fan", "POST", "/api/wallet/top-ups", wish | {"cents": 1}, expect=409)
    await story.ask("fan", "POST", "/api/wallet/top-ups", wish)
    await story.ask("fan", "POST", "/api/wallet/top-ups", wish)
    await story.ask("fan", "POST", "/api/wallet/top-ups", wish | {"cents": 6_000}, expect=409)
    await story.ask("fan", "GET", f"/api/wallet/top-ups/{wish['id']}")
    await captured(story, wish["payment_id"], wish["cents"])
    await story.ask("fan", "GET", f"/api/wallet/top-ups/{wish['id']}")
    await story.ask("friend", "GET", f"/api/wallet/top-ups/{wish['id']}", expect=404)
    wallet = (await story.ask("fan", "GET", "/api/wallet")).json
    gift = {"id": story.new_id(), "purse_id": wallet["id"], "cents": 1_500, "reason": "goodwill"}
    await story.ask("admin", "POST", "/api/office/wallet/bonus", gift)
    await story.ask("admin", "POST", "/api/office/wallet/bonus", gift)
    await story.ask("admin", "POST", "/api/office/wallet/bonus", gift | {"cents": 900}, expect=409)
    await story.ask("office", "POST", "/api/office/wallet/bonus", gift, expect=403)
    story.learn(top_up_id=wish["id"])
    story.known["purse"] = [wallet["id"]]


async def automatic(story: Story) -> None:
    """Set an automatic top-up, save a card for it, end it."""
    rule: dict[str, Any] = {
        "method_id": story.new_id(),
        "below_cents": 1_000,
        "add_cents": 2_000,
        "day_max_cents": 6_000,
    }
    await story.ask("fan", "PUT", "/api/wallet/auto-top-up", rule | {"consent": False}, expect=409)
    await story.ask("fan", "PUT", "/api/wallet/auto-top-up", rule | {"consent": True})
    await captured(story, rule["method_id"], 0, kept="•••• 4242")
    await story.ask("fan", "GET", "/api/wallet/auto-top-up")
    await story.ask("fan", "PUT", "/api/wallet/auto-top-up", rule | {"consent": True, "add_cents": 3_000})
    await story.ask("fan", "DELETE", "/api/wallet/auto-top-up")
    await story.ask("fan", "GET", "/api/wallet/auto-top-up")


async def tapped(story: Story, name: str) -> tuple[str, str]:
    """Return the message of a demo card's next tap, and the code printed on it."""
    page = (await story.ask("here", "GET", "/cards")).text
    card = re.search(rf'<article id="([0-9a-f]+)"><h2>{name}</h2>.*?<code>([^<]+)</code>', page)
    assert card is not None
    uid, code = card.groups()
    shown = unescape((await story.ask("here", "GET", "/cards", query=f"tap={uid}")).text)
    address = re.search(r'<code id="address">([^<]+)</code>', shown)
    assert address is not None
    return urlsplit(address[1]).query, code


async def cards(story: Story) -> None:
    """Show a tap, link a card, limit, block and unblock it, replace it at a desk."""
    tap, code = await tapped(story, "Not linked, with a balance")
    await story.ask("anonymous", "GET", "/api/wallet/tap", query=tap)
    await story.ask(
        "anonymous", "GET", "/api/wallet/tap", query=tap[:-1] + ("0" if tap[-1] != "0" else "1"), expect=ANY
    )
    link = {"tap": dict(parse_qsl(tap)), "code": code, "label": "Golden card"}
    await story.ask("friend", "POST", "/api/me/cards", link | {"code": "AAAAAAAAAA"}, expect=409)
    card = (await story.ask("friend", "POST", "/api/me/cards", link)).json
    mine = f"/api/me/cards/{card['id']}"
    await story.ask("friend", "PUT", f"{mine}/daily-limit", {"daily_limit_cents": 1_000})
    await story.ask("friend", "PUT", f"{mine}/pin", {"pin": "482915"})
    await story.ask("friend", "PUT", f"{mine}/pin", {"pin": "1"}, expect=400)
    await story.ask("friend", "PUT", f"{mine}/block")
    await story.ask("friend", "DELETE", f"{mine}/block")
    await story.ask("fan", "PUT", f"{mine}/block", expect=404)
    await story.ask("friend", "GET", "/api/me/cards")
    (fans,) = (await story.ask("fan", "GET", "/api/me/cards")).json
    found = (await story.ask("finance", "POST", "/api/wallet/cards/find", {"code": code})).json
    assert found["id"] == card["id"]
    await story.ask("finance", "POST", f"/api/wallet/cards/{card['id']}/block", {"reason": "lost"})
    replacement = f"/api/wallet/cards/{card['id']}/replacement"
    _, fresh = await tapped(story, "New card, not linked")
    await story.ask("finance", "POST", replacement, {"code": code}, expect=409)
    await story.ask("finance", "POST", replacement, {"code": fresh})
    story.learn(card_id=fans["id"])


class Counter:
    """The till of the cast at its counter."""

    def __init__(self, story: Story, cashier: str, version: str, item: Any) -> None:
        self._story = story
        self._till = Till(UUID(TILL_ID), Ed25519Phone("golden till"))
        self._said = {"cashier": UUID(cashier), "catalogue": version}
        self.line = Line(
            UUID(item["item"]["id"]),
            item["item"]["name"]["fr"],
            1,
            item["cents"],
            item["item"]["vat_permille"],
            [],
            deposit=False,
        )

    def write(self, kind: Kind, **more: Any) -> VerifiedRecord:
        """Write the next record."""
        self._till.at = self._story.now
        return self._till.write(kind, id=UUID(self._story.new_id()), **self._said | more)

    def refund(self, sale: VerifiedRecord) -> VerifiedRecord:
        """Write the refund of a whole sale."""
        lines = [
            Line(self.line.product, self.line.name, -1, self.line.unit_cents, self.line.vat_permille, [], deposit=False)
        ]
        return self.write(Kind.REFUND, lines=lines, refund_of=refund_of(sale))

    def sale(self, kind: TenderKind = TenderKind.CASH, proof: str | None = None) -> VerifiedRecord:
        """Write a sale of one piece."""
        return self.write(Kind.SALE, lines=[self.line], tenders=[Tender(kind, self.line.unit_cents, proof)])


def sent(written: VerifiedRecord, *, offline: bool) -> dict[str, Any]:
    """Return a record as its till sends it."""
    return {"body": base64url(written.body), "signature": base64url(written.signature), "told": offline}


async def tills(story: Story) -> None:
    """Fetch a till's data, open a shift, sell, refund, count and close."""
    pack = (await story.ask("till", "GET", "/api/till/pack")).json
    await story.ask("till", "GET", "/api/till/cards")
    catalogue = (await story.ask("anonymous", "GET", "/api/concessions/catalogue/01")).json
    cashier = next(entry for entry in pack["roster"])
    item = next(shown for shown in catalogue["items"] if is_plain(shown))
    counter = Counter(story, cashier.get("person_id") or cashier["id"], catalogue["version"], item)
    story.known["counter"] = [counter]  # type: ignore[list-item]  # stored for the next scenes
    opened = counter.write(Kind.SHIFT_OPENED)
    await upload(story, opened)
    sale = counter.sale()
    await upload(story, sale)
    await upload(story, sale)
    tap, _ = await tapped(story, "Not linked, with a balance")
    await upload(story, counter.sale(TenderKind.CARD, tap))
    uploads = [counter.sale(), counter.sale(TenderKind.TERMINAL, "000123"), counter.refund(sale)]
    await upload(story, *uploads, offline=True)
    forged = sent(counter.sale(), offline=False) | {"signature": base64url(bytes(64))}
    await story.ask("till", "POST", "/api/till/records", {"records": [forged]})
    await story.ask("lane", "POST", "/api/till/records", {"records": [forged]}, expect=403)
    await story.ask("till", "GET", "/api/till/cards", query="since=none", expect=ANY)
    story.learn(till_id=TILL_ID, version=catalogue["version"], outlet="01", product_id=item["item"]["id"])


def is_plain(shown: Any) -> bool:
    """Whether an item of a catalogue is a product with a stock level, without choices or
    restrictions.
    """
    item = shown["item"]
    return (
        item["kind"] == "product"
        and item["name"]["en"] != "Tea"
        and item["is_stocked"]
        and not any(item.get(name) for name in ("options", "deposit_id", "abv_permille", "age_min"))
    )


async def upload(story: Story, *written: VerifiedRecord, offline: bool = False) -> None:
    """Send records."""
    await story.ask(
        "till", "POST", "/api/till/records", {"records": [sent(record, offline=offline) for record in written]}
    )


async def phones(story: Story) -> None:
    """Register a phone, have it pay a record, fetch the proof, block the phone."""
    counter: Any = story.known["counter"][0]
    key = {"id": story.new_id(), "public_key": Signer("golden wallet").jwk(), "label": "Phone"}
    await story.ask("fan", "PUT", "/api/me/virtual-card", key)
    await story.ask("fan", "GET", "/api/me/virtual-card")
    said = {
        "at": f"{story.at()[:19]}.000Z",
        "cents": counter.line.unit_cents,
        "id": story.new_id(),
        "outlet": "01",
        "till": TILL_ID,
    }
    signature = Signer("golden wallet").sign(PAY + canonical(said))
    shown = base64url(canonical({"key": key["id"], "signature": base64url(signature)}))
    forged = base64url(canonical({"key": key["id"], "signature": base64url(bytes(64))}))
    await story.ask("fan", "POST", "/api/wallet/proofs", {"challenge": said, "proof": forged}, expect=ANY)
    await story.ask("fan", "POST", "/api/wallet/proofs", {"challenge": said, "proof": shown})
    await story.ask("fan", "GET", f"/api/wallet/proofs/{said['id']}")
    await story.ask("till", "GET", f"/api/till/proofs/{said['id']}")
    await story.ask("friend", "GET", f"/api/wallet/proofs/{said['id']}", expect=404)
    story.learn(record_id=said["id"])
    await story.ask("fan", "DELETE", f"/api/me/virtual-card/{key['id']}")


async def desk(story: Story) -> None:
    """Show a wallet at a till, top it up in cash, refuse an unsigned top-up; count and close the
    shift.
    """
    counter: Any = story.known["counter"][0]
    tap, code = await tapped(story, "Card of fan@example.org")
    wallet = (await story.ask("till", "POST", "/api/till/purse", {"by": {"tap": tap}})).json
    await story.ask("till", "POST", "/api/till/purse", {"by": {"code": code}})
    await story.ask("till", "POST", "/api/till/purse", {"by": {"code": "AAAAAAAAAA"}}, expect=409)
    said = {
        "at": f"{story.at()[:19]}.000Z",
        "cashier": str(counter._said["cashier"]),  # noqa: SLF001 - the same cashier
        "cents": 1_000,
        "id": story.new_id(),
        "outlet": "01",
        "purse": wallet["purse"] if "purse" in wallet else wallet["purse_id"],
        "slip": None,
        "tender": "cash",
        "till": TILL_ID,
    }
    body = canonical(said)
    load = {"body": base64url(body), "by": {"tap": tap}, "signature": base64url(Signer("till").sign(LOAD + body))}
    await story.ask("till", "POST", "/api/till/loads", load)
    await story.ask("till", "POST", "/api/till/loads", load)
    await story.ask("till", "POST", "/api/till/loads", load | {"signature": base64url(bytes(64))}, expect=409)
    await upload(story, counter.write(Kind.SHIFT_COUNTED), counter.write(Kind.SHIFT_CLOSED), offline=True)


async def pay_back(story: Story) -> None:
    """Pay out the rest of a wallet to the bank card."""
    payout = {"id": story.new_id()}
    await story.ask("fan", "POST", "/api/wallet/payouts", payout)
    await story.ask("fan", "POST", "/api/wallet/payouts", payout)
    await story.ask("guest", "POST", "/api/wallet/payouts", payout, expect=401)
    await story.work()
    await story.ask("fan", "GET", "/api/wallet")


def canonical(said: dict[str, Any]) -> bytes:
    """Return canonical JSON (RFC 8785) of texts and integers."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
