"""Every kind of email in every language: its text, its markup, its message, and the effect of a
bounce report.
"""

import re
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from io import BytesIO
from uuid import UUID

import dkim
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pypdf import PdfReader

from tests.identity.people.email_samples import AT, CONTENTS, EVENT, EVIL, PLACES, POINTS, REWARD, email
from virage.app.emails import COMPOSERS
from virage.identity.people.rules.emails import EmailContent, EmailKind
from virage.identity.people.rules.emails.rendering import render
from virage.identity.people.rules.emails.texts import texts_for
from virage.identity.people.rules.grants import RoleName
from virage.platform.mail.messages import Rendered, Signer, compose, signed
from virage.platform.settings.config import Club, Config
from virage.platform.values.languages import installed
from virage.platform.values.money import EURO
from virage.sale.ticketing.rules.terms import Tariff

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PUBLIC = "https://tickets.example"
CONFIG = Config(secret="x" * 32, public_url=PUBLIC, house_address="1 avenue du Stade", house_vat_number="FR123")
ALL = [(kind, tag) for kind in EmailKind for tag in installed()]


class Page(HTMLParser):
    """The addresses that an email's HTML would load or link to, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self._hidden = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden = tag in ("style", "title")
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "background", "action")]

    def handle_endtag(self, _tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._hidden else f" {data}"


def rendered(kind: EmailKind, tag: str, content: EmailContent | None = None, **club: str) -> Rendered:
    config = msgspec.structs.replace(CONFIG, club=Club(**club))
    return render(email(kind, tag), content or CONTENTS[kind], config)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_every_kind_of_email_has_a_composer_a_sample_and_texts_in_every_language() -> None:
    assert set(COMPOSERS) == set(CONTENTS) == set(EmailKind)
    for tag in installed():
        texts = texts_for(tag, "en", EURO)
        assert set(texts.kinds) == {kind.value for kind in EmailKind}, tag
        assert all(texts.term(role.value, "roles") for role in RoleName)
        assert all(texts.term(tariff.value, "tariffs") for tariff in Tariff)


@pytest.mark.parametrize(("kind", "tag"), ALL)
def test_an_email_is_complete_in_plain_text_and_loads_nothing(kind: EmailKind, tag: str) -> None:
    made = rendered(kind, tag)
    page = Page(made.html)
    assert len(made.html.encode()) < 100_000
    assert made.subject
    assert "\n" not in made.subject
    for part in (made.subject, made.text, page.text):
        assert not re.search(r"\{\{|\}\}|\{%|None|undefined", part)
    assert page.tags.isdisjoint({"img", "script", "link", "iframe", "form", "object", "base"})
    assert "url(" not in made.html
    assert "@import" not in made.html
    assert all(address.startswith(f"{PUBLIC}/") for address in page.addresses)
    assert all(found.startswith(f"{PUBLIC}/") for found in re.findall(r"https?://\S+", made.text))
    shown = squeezed(page.text)
    lines = [line for line in made.text.splitlines() if line and not line.startswith(PUBLIC)]
    for line in lines:
        for half in re.split(r"\s?: (?!.*: )", line):
            assert squeezed(half).strip(" :") in shown, half
    assert f'lang="{tag}"' in made.html


@pytest.mark.parametrize("tag", installed())
def test_a_code_is_shown_in_subject_text_and_html(tag: str) -> None:
    made = rendered(EmailKind.SIGN_IN_CODE, tag)
    assert made.subject.startswith("012345")
    assert re.findall(r"\b\d{6}\b", made.text) == ["012345"]
    assert "012345" in Page(made.html).text


@pytest.mark.parametrize(("kind", "tag"), ALL)
def test_user_input_is_shown_and_never_treated_as_markup_or_template(kind: EmailKind, tag: str) -> None:
    values = dict(CONTENTS[kind].values)
    values |= {name: {"fr": EVIL, "en": EVIL} for name in ("title", "outlet") if name in values}
    content = msgspec.structs.replace(CONTENTS[kind], values=values, receipt=None)
    if "receipt" not in values:
        content = msgspec.structs.replace(content, values=values | {"receipt": False})
    made = rendered(kind, tag, content, name=EVIL)
    assert "<b>" not in made.html
    assert EVIL in Page(made.html).text
    assert EVIL in made.text


def test_the_confirmation_of_a_refunded_order_offers_no_tickets() -> None:
    values = dict(CONTENTS[EmailKind.ORDER_PAID].values) | {"standing": False}
    made = rendered(EmailKind.ORDER_PAID, "en", msgspec.structs.replace(CONTENTS[EmailKind.ORDER_PAID], values=values))
    assert "refunded" in made.text
    assert "ready" not in made.text


def test_a_free_order_is_not_announced_as_refunded() -> None:
    for tag, word in (("en", "bank"), ("fr", "banque")):
        made = rendered(EmailKind.REFUND, tag, EmailContent(EVENT | {"cents": 0}, PLACES[:1], "/orders/1"))
        assert word not in made.text


@pytest.mark.parametrize(
    ("tag", "one", "several"),
    [
        ("fr", "1 de vos points expire le", "2 de vos points expirent le"),
        ("en", "1 of your points lapses on", "2 of your points lapse on"),
        ("de", "1 Ihrer Punkte verfällt am", "2 Ihrer Punkte verfallen am"),
    ],
)
def test_one_point_has_its_verb_in_the_singular(tag: str, one: str, several: str) -> None:
    for points, words in ((1, one), (2, several)):
        made = rendered(EmailKind.POINTS_LAPSE_SOON, tag, EmailContent(POINTS | {"points": points}, path="/points"))
        assert words in squeezed(made.text)
    single = rendered(EmailKind.POINTS_LAPSE_SOON, tag, EmailContent(POINTS | {"points": 1}, path="/points"))
    subject = {"fr": "1 point expire le", "en": "1 point lapses on", "de": "1 Punkt verfällt am"}[tag]
    assert single.subject.startswith(subject)
    back = rendered(EmailKind.REWARD_CANCELLED, tag, EmailContent(REWARD | {"points": 1}, path="/points"))
    assert {"fr": "Votre point vous a été rendu.", "en": "You have your point back.", "de": "Ihr Punkt wurde wieder"}[
        tag
    ] in squeezed(back.text)


@pytest.mark.parametrize(("wanted", "got"), [("fr-CA", "fr"), ("en", "en"), ("xx", "fr"), ("", "fr")])
def test_a_language_without_texts_falls_back_to_a_wider_one_or_the_clubs(wanted: str, got: str) -> None:
    assert texts_for(wanted, "fr", EURO).tag == got


def test_dates_times_and_amounts_use_the_languages_formats() -> None:
    french, english = texts_for("fr", "en", EURO), texts_for("en", "en", EURO)
    assert french.moment(AT) == "samedi 9 mai 2026 à 21:00"
    assert english.moment(AT) == "Saturday, 9 May 2026 at 21:00"
    assert squeezed(french.money(123456)) == "1 234,56 €"
    assert english.money(123456) == "€1,234.56"
    assert (squeezed(french.percent(55)), english.percent(200)) == ("5,5 %", "20%")


@pytest.mark.parametrize("tag", installed())
def test_a_receipt_shows_each_rate_of_vat(tag: str) -> None:
    (file,) = rendered(EmailKind.ORDER_PAID, tag).attachments
    assert (file.media_type, file.name.endswith("-NHGC-8NNY.pdf")) == ("application/pdf", True)
    text = squeezed(PdfReader(BytesIO(file.content)).pages[0].extract_text())
    texts = texts_for(tag, tag, EURO)
    for part in ("NHGC-8NNY", "1 avenue du Stade", "FR123", texts.money(4800), texts.money(235), texts.percent(200)):
        assert squeezed(part) in text


def test_a_message_has_both_forms_its_file_and_an_id_of_its_own() -> None:
    paid = email(EmailKind.ORDER_PAID, "fr")
    raw = compose(paid, rendered(EmailKind.ORDER_PAID, "fr"), "tickets@example.org", "Étoile", NOW).as_bytes()
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert message["to"] == "fan@example.org"
    assert message["message-id"] == f"<{UUID(int=7)}@example.org>"
    assert message["auto-submitted"] == "auto-generated"
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]
    assert raw.isascii()


def test_a_signed_email_is_verified_by_receivers() -> None:
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    message = compose(
        email(EmailKind.ORDER_PAID, "fr"), rendered(EmailKind.ORDER_PAID, "fr"), "tickets@example.org", "Étoile", NOW
    ).as_bytes()
    sealed = signed(message, Signer("mail", pem), "tickets@example.org")

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"mail._domainkey.example.org."
        return b"v=DKIM1; k=rsa; p=" + b64encode(public)

    assert dkim.verify(sealed, dnsfunc=dns)
    assert not dkim.verify(sealed.replace(b"NHGC", b"EVIL"), dnsfunc=dns)


def test_the_process_that_renders_emails_loads_no_venue() -> None:
    code = "import sys, virage.identity.people.rules.emails.rendering; print('virage.site.venue.types' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert printed.stdout == "False\n"
