"""The hosted payment pages: HTML without scripts, accessible by keyboard, with a light and a dark theme."""

from html import escape
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from aiohttp import web
from msgspec import Struct

from virage_sandbox.bank import Account
from virage_sandbox.cards import Card, Iban, grouped
from virage_sandbox.texts import CARDS, IBANS, TEXTS, Texts, money
from virage_sandbox.wire import Stage

STYLESHEET_PATH = "/assets/pay.css"
FILLED = {"expiry": "12/34", "cvc": "123"}
"""Values filled in with the number of a test card."""


class Form(Struct, frozen=True):
    """The values that the buyer typed, and the invalid fields."""

    values: dict[str, str] = {}
    wrong: tuple[str, ...] = ()


def card_page(account: Account, merchant: str, lang: str, form: Form) -> web.Response:
    """Return the card form, and the form of a debit if the payment allows one."""
    t = TEXTS[lang]
    title = "keep_title" if account.keeps else "title"
    button = t["keep"] if account.keeps else f"{t['pay']} {money(account.amount_cents, account.currency, lang)}"
    fields = "".join(
        [
            _field(t, "card", form, 'inputmode="numeric" autocomplete="cc-number" maxlength="23"', hint=True),
            '<div class="pair">',
            _field(t, "expiry", form, 'inputmode="numeric" autocomplete="cc-exp" maxlength="7"'),
            _field(t, "cvc", form, 'inputmode="numeric" autocomplete="cc-csc" maxlength="4"'),
            "</div>",
        ]
    )
    body = (
        f"{_summary(account, merchant, lang)}"
        f'<section class="panel" aria-labelledby="heading"><h2 id="heading">{t[title]}</h2>{_errors(t, form)}'
        f'<form method="post" action="{_action(account.id, lang)}" novalidate>{fields}'
        f'<button class="pay" type="submit">{button}</button></form>'
        f"{'' if account.debit else _cancel(account, lang)}</section>{_debit(account, lang, form)}"
        f"{_cards(account, lang)}"
    )
    return _page(body, lang, _title(t, title, form), account)


def challenge_page(account: Account, merchant: str, lang: str, form: Form) -> web.Response:
    """Return the 3-D Secure page."""
    t = TEXTS[lang]
    code = 'inputmode="numeric" autocomplete="one-time-code" maxlength="8"'
    body = (
        f"{_summary(account, merchant, lang)}"
        f'<section class="panel" aria-labelledby="heading"><h2 id="heading">{t["challenge_title"]}</h2>'
        f"{_errors(t, form)}<p>{t['challenge']}</p>"
        f'<form method="post" action="{_action(account.id, lang)}" novalidate>{_field(t, "code", form, code)}'
        f'<button class="pay" type="submit">{t["confirm"]}</button></form>{_cancel(account, lang)}</section>'
    )
    return _page(body, lang, _title(t, "challenge_title", form), account)


def ended_page(account: Account, merchant: str, lang: str) -> web.Response:
    """Return the page of a payment in a final state, with a link to the merchant."""
    t = TEXTS[lang]
    stage = f"keep_{account.state}" if account.keeps and account.state is Stage.CAPTURED else account.state.value
    body = (
        f"{_summary(account, merchant, lang)}"
        f'<section class="panel" aria-labelledby="heading"><h2 id="heading">{t[f"{stage}_title"]}</h2><p>{t[stage]}</p>'
        f'<a class="pay" href="{escape(return_address(account))}">{t["back"]}</a></section>'
    )
    return _page(body, lang, t[f"{stage}_title"], account)


def missing_page(lang: str) -> web.Response:
    """Return the page for an unknown payment."""
    t = TEXTS[lang]
    body = f'<section class="panel"><h2>{t["missing_title"]}</h2><p>{t["missing"]}</p></section>'
    return _page(body, lang, t["missing_title"], None, status=404)


def back_to_shop(account: Account) -> web.Response:
    """Redirect (303) to the merchant, with the id of the payment."""
    return _redirect(return_address(account))


def back_to_page(payment_id: UUID, lang: str) -> web.Response:
    """Redirect (303) to the payment page, so that a reload does not submit again."""
    return _redirect(f"/pay/{payment_id}?lang={lang}")


def return_address(account: Account) -> str:
    """Return the merchant's address with `payment=id` in its query."""
    address, hash_sign, fragment = account.return_url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}payment={account.id}{hash_sign}{fragment}"


def _redirect(address: str) -> web.Response:
    return web.Response(status=303, headers={"location": _ascii(address), "cache-control": "no-store"})


def _ascii(address: str) -> str:
    """Return an address that is safe in a header: printable ASCII only."""
    return "".join(character for character in address if 0x20 < ord(character) < 0x7F)  # noqa: PLR2004 - printable ASCII


def _page(body: str, lang: str, title: str, account: Account | None, status: int = 200) -> web.Response:
    t = TEXTS[lang]
    others = "".join(
        f'<a href="?lang={tag}" lang="{tag}" hreflang="{tag}">{texts["language"]}</a>'
        for tag, texts in TEXTS.items()
        if tag != lang
    )
    html = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta name="robots" content="noindex"><title>{title} · {t["bank"]}</title>'
        f'<link rel="stylesheet" href="{STYLESHEET_PATH}"></head><body>'
        f'<aside class="test">{t["test"]}</aside>'
        f"<header><h1>{_LOGO}{t['bank']}</h1><nav>{others}</nav></header><main>{body}</main></body></html>"
    )
    return web.Response(text=html, status=status, content_type="text/html", headers=_headers(account))


def _headers(account: Account | None) -> dict[str, str]:
    """Return strict headers; the redirect of a form to the merchant needs its origin in `form-action`."""
    parts = urlsplit(account.return_url) if account is not None else None
    shop = f" {parts.scheme}://{_ascii(parts.netloc).replace(';', '').replace(',', '')}" if parts is not None else ""
    loads = "default-src 'none'; img-src 'self'; style-src 'self'"  # browsers ask for an icon
    policy = f"{loads}; form-action 'self'{shop}; base-uri 'none'; frame-ancestors 'none'"
    return {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": policy,
    }


def _title(t: Texts, name: str, form: Form) -> str:
    return f"{t['error_prefix']}{t[name]}" if form.wrong else t[name]


def _action(payment_id: UUID, lang: str) -> str:
    return f"/pay/{payment_id}?lang={lang}"


def _summary(account: Account, merchant: str, lang: str) -> str:
    t = TEXTS[lang]
    amount = money(account.amount_cents, account.currency, lang)
    total = f'<p class="total"><span>{t["total"]}</span> <strong>{amount}</strong></p>'
    to, what = ("keep_for", f"<p>{t['keep_consent']}</p>") if account.keeps else ("pay_to", total)
    return (
        f'<section class="summary"><p>{t[to]} <strong>{escape(merchant)}</strong></p>{what}'
        f'<p class="reference">{t["reference"]} <code>{str(account.id)[-12:]}</code></p></section>'
    )


def _errors(t: Texts, form: Form) -> str:
    if not form.wrong:
        return ""
    links = "".join(f'<li><a href="#{name}">{t[f"error_{name}"]}</a></li>' for name in form.wrong)
    return f'<div class="errors" role="alert"><h3>{t["errors"]}</h3><ul>{links}</ul></div>'


def _field(t: Texts, name: str, form: Form, attributes: str, *, hint: bool = False) -> str:
    wrong = name in form.wrong
    described = " ".join([f"{name}-error"] * wrong + [f"{name}-hint"] * hint)
    first = form.wrong[0] if form.wrong else ("code" if name == "code" else "iban" if "iban" in form.values else "card")
    return (
        f'<div class="field"><label for="{name}">{t[name]}</label>'
        + (f'<p class="hint" id="{name}-hint">{t[f"{name}_hint"]}</p>' if hint else "")
        + (f'<p class="error" id="{name}-error">{t[f"error_{name}"]}</p>' if wrong else "")
        + f'<input id="{name}" name="{name}" value="{escape(form.values.get(name, ""))}" '
        + f'type="text" required {attributes}'
        + (f' aria-describedby="{described}"' if described else "")
        + (' aria-invalid="true"' if wrong else "")
        + (" autofocus" if name == first else "")
        + "></div>"
    )


def _cancel(account: Account, lang: str) -> str:
    return (
        f'<form method="post" action="{_action(account.id, lang)}">'
        f'<button class="quiet" name="cancel" value="1" type="submit">{TEXTS[lang]["cancel"]}</button></form>'
    )


def _debit(account: Account, lang: str, form: Form) -> str:
    """Return the form of a debit, nothing for a payment that allows none."""
    if not account.debit:
        return ""
    t = TEXTS[lang]
    field = _field(t, "iban", form, 'autocomplete="off" maxlength="42"', hint=True)
    return (
        f'<section class="panel" aria-labelledby="debit"><h2 id="debit">{t["debit_title"]}</h2><p>{t["debit"]}</p>'
        f'<form method="post" action="{_action(account.id, lang)}" novalidate>'
        f'{field}<button class="debit" type="submit">{t["debit_pay"]}</button></form>{_cancel(account, lang)}</section>'
    )


def _cards(account: Account, lang: str) -> str:
    t = TEXTS[lang]
    numbers: list[tuple[Card | Iban, str, Texts]] = [(card, "card", CARDS[card]) for card in Card]
    if account.debit:
        numbers += [(iban, "iban", IBANS[iban]) for iban in Iban]
    rows = "".join(
        f'<tr><th scope="row"><a href="/pay/{account.id}?{urlencode({"lang": lang, field: number.value})}">'
        f"{grouped(number)}</a></th><td>{texts[lang]}</td></tr>"
        for number, field, texts in numbers
    )
    return (
        f'<section class="cards" aria-labelledby="cards"><h2 id="cards">{t["cards"]}</h2><p>{t["cards_hint"]}</p>'
        f'<table><thead><tr><th scope="col">{t["card_number"]}</th><th scope="col">{t["card_does"]}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
    )


def stage_page(account: Account, merchant: str, lang: str, form: Form) -> web.Response:
    """Return the page for the state of a payment."""
    if account.state is Stage.OPEN:
        return card_page(account, merchant, lang, form)
    if account.state is Stage.CHALLENGED:
        return challenge_page(account, merchant, lang, form)
    return ended_page(account, merchant, lang)


_LOGO = (
    '<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">'
    '<rect width="32" height="32" rx="8" class="logo-ground"/>'
    '<path d="M8 13h16M8 13v7a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-7a3 3 0 0 0-3-3H11a3 3 0 0 0-3 3z" class="logo-line"/>'
    '<circle cx="20" cy="18" r="1.6" class="logo-dot"/></svg>'
)
