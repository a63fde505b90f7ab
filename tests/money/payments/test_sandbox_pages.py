"""The hosted pages for a buyer without JavaScript."""

import re
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from virage.money.payments.rules import HostedPage, PaymentIntent
from virage.money.payments.sandbox_provider import SandboxProvider
from virage_sandbox.cards import Card, Iban, grouped
from virage_sandbox.texts import CARDS, TEXTS, language, money

FILLED = {"card": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123"}


@pytest.fixture
async def page_url(sandbox_provider: SandboxProvider, start: Callable[..., PaymentIntent]) -> str:
    (page,) = await sandbox_provider.create([start(return_url="https://club.example/orders/1?x=1")])
    assert isinstance(page, HostedPage)
    return page.payment_url


async def get(buyer: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, str, Any]:
    async with buyer.get(url, headers=headers) as answer:
        return answer.status, await answer.text(), answer.headers


async def send(buyer: aiohttp.ClientSession, url: str, **fields: str) -> tuple[int, str, str]:
    async with buyer.post(url, data=fields, allow_redirects=False) as answer:
        return answer.status, await answer.text(), answer.headers.get("location", "")


async def test_the_page_uses_the_browsers_language_unless_the_address_names_one(
    buyer: aiohttp.ClientSession, page_url: str
) -> None:
    _, french, _ = await get(buyer, page_url, **{"accept-language": "fr-FR,fr;q=0.9,en;q=0.5"})
    assert '<html lang="fr">' in french
    assert "50,00\u00a0€" in french
    _, english, _ = await get(buyer, page_url + "?lang=en", **{"accept-language": "fr"})
    assert '<html lang="en">' in english
    assert "€50.00" in english


async def test_the_page_runs_no_script_and_loads_nothing_from_elsewhere(
    buyer: aiohttp.ClientSession, page_url: str
) -> None:
    _, html, headers = await get(buyer, page_url)
    policy = headers["content-security-policy"]
    loads = "default-src 'none'; img-src 'self'; style-src 'self'"
    assert policy.startswith(f"{loads}; form-action 'self' https://club.example;")
    assert "<script" not in html
    assert " style=" not in html
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    origin = page_url.split("/pay/", maxsplit=1)[0]
    status, stylesheet, _ = await get(buyer, origin + "/assets/pay.css")
    assert status == 200
    assert "prefers-color-scheme: dark" in stylesheet


async def test_every_field_has_its_label_and_every_test_card_its_line(
    buyer: aiohttp.ClientSession, page_url: str
) -> None:
    _, html, _ = await get(buyer, page_url + "?lang=en")
    for name in re.findall(r'<input id="(\w+)"', html):
        assert f'<label for="{name}">' in html
    for card in Card:
        assert grouped(card) in html
    assert TEXTS["en"]["test"] in html


async def test_a_chosen_test_card_fills_in_the_form(buyer: aiohttp.ClientSession, page_url: str) -> None:
    _, html, _ = await get(buyer, f"{page_url}?lang=en&card={Card.DECLINED.value}")
    assert 'value="4000 0000 0000 0002"' in html
    assert 'value="12/34"' in html


async def test_a_paid_form_returns_to_the_shop_with_the_payment_id(buyer: aiohttp.ClientSession, page_url: str) -> None:
    status, _, location = await send(buyer, page_url, **FILLED)
    payment_id = page_url.rpartition("/")[2]
    assert (status, location) == (303, f"https://club.example/orders/1?x=1&payment={payment_id}")
    _, html, _ = await get(buyer, page_url + "?lang=en")
    assert TEXTS["en"]["captured"] in html


async def test_wrong_fields_are_named_tied_to_their_errors_and_kept(
    buyer: aiohttp.ClientSession, page_url: str
) -> None:
    status, html, _ = await send(buyer, page_url + "?lang=en", card="12", expiry="13/34", cvc="")
    assert status == 200
    assert "<title>Error: " in html
    for name in ("card", "expiry", "cvc"):
        assert f'id="{name}-error"' in html
        assert f'<a href="#{name}">' in html
    assert html.count('aria-invalid="true"') == 3
    assert 'value="13/34"' in html
    assert re.search(r'<input id="card"[^>]* autofocus>', html)


async def test_typed_markup_is_shown_as_text(buyer: aiohttp.ClientSession, page_url: str) -> None:
    _, html, _ = await send(buyer, page_url, card='"><script>alert(1)</script>', expiry="1", cvc="1")
    assert "<script" not in html


async def test_a_challenge_asks_for_the_code_and_a_wrong_one_again(buyer: aiohttp.ClientSession, page_url: str) -> None:
    status, _, location = await send(buyer, page_url + "?lang=en", **(FILLED | {"card": Card.CHALLENGE.value}))
    assert (status, location) == (303, f"/pay/{page_url.rpartition('/')[2]}?lang=en")
    _, html, _ = await get(buyer, page_url + "?lang=en")
    assert TEXTS["en"]["challenge"] in html
    status, html, _ = await send(buyer, page_url + "?lang=en", code="0000")
    assert status == 200
    assert TEXTS["en"]["error_code"] in html
    status, _, location = await send(buyer, page_url, code="1234")
    assert status == 303
    assert location.startswith("https://club.example/orders/1")


async def test_a_buyer_can_cancel(buyer: aiohttp.ClientSession, page_url: str, listening_shop: Any) -> None:
    status, _, location = await send(buyer, page_url, cancel="1")
    assert status == 303
    assert location.startswith("https://club.example/")
    (event,) = await listening_shop.next_events()
    assert event.state == "cancelled"


async def test_an_unknown_payment_is_explained(sandbox: Any, buyer: aiohttp.ClientSession) -> None:
    status, html, _ = await get(buyer, sandbox.url + "/pay/nothing?lang=fr")
    assert status == 404
    assert TEXTS["fr"]["missing"] in html


def test_all_languages_have_all_texts() -> None:
    for tag, texts in TEXTS.items():
        assert texts.keys() == TEXTS["en"].keys(), tag
        assert all(tag in results for results in CARDS.values()), tag


@pytest.mark.parametrize(
    ("query", "accepted", "spoken"),
    [
        ("", "", "en"),
        ("fr", "en", "fr"),
        ("de", "fr", "de"),
        ("es", "fr", "fr"),
        ("", "es, fr;q=0.3, en;q=0.8", "en"),
        ("", "de-AT, en;q=0.8", "de"),
        ("", "fr;q=x, en;q=0.1", "en"),
    ],
)
def test_the_language_is_the_asked_one_else_the_preferred_one(query: str, accepted: str, spoken: str) -> None:
    assert language(query, accepted) == spoken


def test_money_is_formatted_for_each_language() -> None:
    assert money(123456, "EUR", "fr") == "1\u202f234,56\u00a0€"
    assert money(123456, "EUR", "en") == "€1,234.56"
    assert money(123456, "EUR", "de") == "1.234,56\u00a0€"
    assert money(123456, "JPY", "en") == "JP¥123,456"


async def test_a_debit_is_authorised_by_the_form_of_a_page_that_offers_it(
    buyer: aiohttp.ClientSession, sandbox_provider: SandboxProvider, start: Callable[..., PaymentIntent], page_url: str
) -> None:
    assert 'name="iban"' not in (await get(buyer, page_url))[1]
    asked = start(return_url="https://club.example/orders/1", allows_debit=True)
    (page,) = await sandbox_provider.create([asked])
    assert isinstance(page, HostedPage)
    url = page.payment_url + "?lang=en"
    _, html, _ = await get(buyer, f"{url}&iban={Iban.PAYS}")
    assert f'value="{grouped(Iban.PAYS)}"' in html
    status, html, _ = await send(buyer, url, iban="FR76 0000")
    assert (status, TEXTS["en"]["error_iban"] in html) == (200, True)
    status, _, location = await send(buyer, url, iban=grouped(Iban.PAYS))
    assert (status, location) == (303, f"https://club.example/orders/1?payment={asked.payment_id}")
    _, html, _ = await get(buyer, url)
    assert TEXTS["en"]["processing_title"] in html or TEXTS["en"]["captured_title"] in html
