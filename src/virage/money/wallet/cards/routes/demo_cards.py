"""A page that simulates taps of the demonstration's contactless cards, without a card and a reader."""
# ruff: noqa: RUF001 - French has no-break spaces

from html import escape
from typing import Final

import segno
from msgspec import Struct

from virage.money.wallet.cards.acts.cards import CardSecrets
from virage.money.wallet.cards.reads.cards import card_of_uid
from virage.money.wallet.cards.routes.card_desk import CardDesk
from virage.money.wallet.cards.rules.cards import OwnedCard, shown_code
from virage.money.wallet.cards.rules.demo_cards import CHIPS, FANS, FRESH, NOBODYS, tapped
from virage.money.wallet.ledger.api import available
from virage.platform.data.database import Connection, Database
from virage.platform.paper import ink_on
from virage.platform.settings.config import Config
from virage.platform.values.money import Cents
from virage.platform.web.rehearsal import PRIVATE, STYLE, hide
from virage.platform.web.routing import Request, Response, get, mount

CARDS_STYLE: Final = """
:root { --canvas: #f2f3f7; --surface: #ffffff; --ink: #0c1020; --ink-2: #4a5168; --line: #7d859c;
  --shadow: 0 1px 2px rgb(12 16 32 / 6%), 0 8px 28px rgb(12 16 32 / 8%); }
@media (prefers-color-scheme: dark) {
  :root { --canvas: #0a0d16; --surface: #141927; --ink: #f3f5fb; --ink-2: #aab3ca; --line: #76809b;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 10px 32px rgb(0 0 0 / 45%); }
}
body { max-width: none; padding: 0; background: var(--canvas); color: var(--ink); }
header { padding: 0 max(1rem, 50vw - 22rem); background: var(--club); }
header a { display: inline-flex; align-items: center; min-height: 4rem; color: var(--on-club); font-weight: 800;
  text-decoration: none; }
header a:hover { text-decoration: underline; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0 0 0.5rem; font-size: 2.1rem; font-weight: 850; }
h1 + p { margin-top: 0; color: var(--ink-2); }
article { border: 0; border-radius: 14px; background: var(--surface); box-shadow: var(--shadow); }
dt { color: var(--ink-2); }
.again { border: 2px solid var(--line); border-radius: 999px; line-height: 1.15; min-height: 48px; }
form .again { border-color: transparent; background: var(--club); color: var(--on-club); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0.75rem 0; }
dd { margin: 0; }
code { font-size: 1.0625rem; overflow-wrap: anywhere; }
.tap { margin: 1rem 0; }
svg { display: block; max-width: 100%; height: auto; margin-top: 1rem; border-radius: 0.5rem; }
"""

COPY: Final = """
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const said = document.getElementById("said");
    try {
      await navigator.clipboard.writeText(document.getElementById("address").textContent);
      said.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(document.getElementById("address"));
      said.textContent = button.dataset.failed;
    }
  });
}
"""

ENGLISH: Final = {
    "format": "en_GB",
    "title": "Demo cards",
    "about": "Try contactless cards without a physical card or reader. "
    "Each tap creates the link that a real card would send; it can be used once.",
    "none": "No cards yet. Load the demonstration first.",
    NOBODYS.hex(): "Not linked, with a balance",
    FANS.hex(): "Card of fan@example.org",
    FRESH.hex(): "New card, not linked",
    "code": "Printed code",
    "balance": "Balance",
    "limit": "Daily limit",
    "whose": "Linked to a wallet",
    "yes": "yes",
    "no": "no: link it with its printed code",
    "blocked": "Blocked",
    "tap": "Tap",
    "tap again": "Tap again",
    "shown": "Link sent by the card:",
    "copy": "Copy",
    "copied": "Copied. Paste it on the selling page of a till.",
    "not copied": "Selected. Copy it with the keyboard.",
    "use": "Paste it at a till (Ctrl+V on the selling page), or hold the code to the till's camera.",
    "open": "Open this link",
    "opened": "A phone that reads the card opens this link. It works once.",
}
FRENCH: Final = {
    "format": "fr",
    "title": "Cartes de démonstration",
    "about": "Essayez les cartes sans contact sans carte ni lecteur. "
    "Chaque passage crée le lien qu'enverrait une vraie carte ; il sert une seule fois.",
    "none": "Pas encore de cartes. Chargez d'abord la démonstration.",
    NOBODYS.hex(): "Non rattachée, avec un solde",
    FANS.hex(): "Carte de fan@example.org",
    FRESH.hex(): "Nouvelle carte, non rattachée",
    "code": "Code imprimé",
    "balance": "Solde",
    "limit": "Plafond par jour",
    "whose": "Rattachée à une cagnotte",
    "yes": "oui",
    "no": "non : rattachez-la avec son code imprimé",
    "blocked": "Bloquée",
    "tap": "Présenter",
    "tap again": "Présenter de nouveau",
    "shown": "Lien envoyé par la carte :",
    "copy": "Copier",
    "copied": "Copié. Collez-le sur la page de vente d'une caisse.",
    "not copied": "Sélectionné. Copiez-le au clavier.",
    "use": "Collez-le à une caisse (Ctrl+V sur la page de vente), ou présentez le code à la caméra de la caisse.",
    "open": "Ouvrir ce lien",
    "opened": "Un téléphone qui lit la carte ouvre ce lien. Il ne peut ensuite plus servir.",
}

GERMAN: Final = {
    "format": "de",
    "title": "Demokarten",
    "about": "Probieren Sie Kontaktlos-Karten ohne Karte und ohne Lesegerät aus. "
    "Jeder Lesevorgang erzeugt den Link, den eine echte Karte senden würde; er gilt einmal.",
    "none": "Noch keine Karten. Laden Sie zuerst die Demo.",
    NOBODYS.hex(): "Nicht verknüpft, mit Guthaben",
    FANS.hex(): "Karte von fan@example.org",
    FRESH.hex(): "Neue Karte, nicht verknüpft",
    "code": "Aufgedruckter Code",
    "balance": "Guthaben",
    "limit": "Tageslimit",
    "whose": "Mit einem Guthaben verknüpft",
    "yes": "ja",
    "no": "nein: Verknüpfen Sie sie mit dem aufgedruckten Code",
    "blocked": "Gesperrt",
    "tap": "Vorhalten",
    "tap again": "Erneut vorhalten",
    "shown": "Von der Karte gesendeter Link:",
    "copy": "Kopieren",
    "copied": "Kopiert. Fügen Sie ihn auf der Verkaufsseite einer Kasse ein.",
    "not copied": "Markiert. Kopieren Sie ihn mit der Tastatur.",
    "use": "Fügen Sie ihn an einer Kasse ein (Strg+V auf der Verkaufsseite) oder halten Sie den Code vor ihre Kamera.",
    "open": "Diesen Link öffnen",
    "opened": "Ein Handy, das die Karte liest, öffnet diesen Link. Er gilt einmal.",
}
WORDS: Final = {"en": ENGLISH, "fr": FRENCH, "de": GERMAN}


class _Shown(Struct, frozen=True):
    """A card and what is in its wallet."""

    owned: OwnedCard
    available_cents: Cents


@get("/cards", public=True, documented=False)
async def show_cards(request: Request, db: Database, config: Config, card_desk: CardDesk) -> Response[str]:
    """The cards, and the next tap of the one that `tap` names. A tap is used up where it is brought, not here."""
    hide(config, request.scope)
    preferred = request.headers.get("accept-language", "")[:2].lower()
    language = preferred if preferred in WORDS else "en"
    words = WORDS[language]
    async with db.connection() as conn:
        shown = [] if card_desk.secrets is None else await _cards(conn)
    wanted = request.query_params.get("tap")
    articles = "".join(_article(one, config, card_desk.secrets, words, wanted) for one in shown if card_desk.secrets)
    page = _page(language, words, config, articles or f"<p>{words['none']}</p>")
    return Response(page, media_type="text/html; charset=utf-8", headers=PRIVATE | {"vary": "accept-language"})


@get("/cards/style.css", public=True, documented=False)
async def style_cards(request: Request, config: Config) -> Response[str]:
    """The page's style, in a file of its own as our content security policy wants it."""
    hide(config, request.scope)
    colours = f":root {{ --club: {config.club.primary}; --on-club: {ink_on(config.club.primary)}; }}"
    return Response(STYLE + CARDS_STYLE + colours, media_type="text/css; charset=utf-8")


@get("/cards/copy.js", public=True, documented=False)
async def copy_address(request: Request, config: Config) -> Response[str]:
    """What copies an address, in a file of its own for the same reason."""
    hide(config, request.scope)
    return Response(COPY, media_type="text/javascript; charset=utf-8")


async def _cards(conn: Connection) -> list[_Shown]:
    """The cards that are there, each with what it can spend."""
    found = [owned for uid in CHIPS if (owned := await card_of_uid(conn, uid)) is not None]
    left = await available(conn, [owned.card.wallet_id for owned in found])
    return [_Shown(owned, left.get(owned.card.wallet_id, 0)) for owned in found]


def _page(language: str, words: dict[str, str], config: Config, articles: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{words["title"]}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/cards/style.css"><script src="/cards/copy.js" defer></script></head>'
        f'<body><header><a href="/">{escape(config.club.name)}</a></header>'
        f"<main><h1>{words['title']}</h1><p>{words['about']}</p>{articles}</main></body></html>"
    )


def _article(one: _Shown, config: Config, secrets: CardSecrets, words: dict[str, str], wanted: str | None) -> str:
    card, chip = one.owned.card, one.owned.card.uid.hex()
    facts = {
        "code": f"<code>{shown_code(secrets.codes.printed(card.uid))}</code>",
        "balance": config.currency.format(one.available_cents, words["format"]),
        "whose": words["no"] if one.owned.owner_id is None else words["yes"],
    }
    if card.daily_limit_cents is not None:
        facts["limit"] = config.currency.format(card.daily_limit_cents, words["format"])
    if card.blocked_reason is not None:
        facts["blocked"] = words["yes"]
    told = "".join(f"<dt>{words[name]}</dt><dd>{said}</dd>" for name, said in facts.items())
    is_tapped = chip == wanted
    tap = _tap(f"{config.public_url}/tap?{tapped(card.uid, card.counter + 1, secrets.keys)}", words)
    return (
        f'<article id="{chip}"><h2>{words[chip]}</h2><dl>{told}</dl>{tap if is_tapped else ""}'
        f'<form action="/cards#{chip}"><input type="hidden" name="tap" value="{chip}">'
        f'<button class="again">{words["tap again" if is_tapped else "tap"]}</button></form></article>'
    )


def _tap(address: str, words: dict[str, str]) -> str:
    """What a read of the card shows: as text, as a code for cameras, as what a phone opens."""
    code = segno.make(address, error="m", micro=False).svg_inline(scale=5, border=4, dark="#000", light="#fff")
    written = escape(address)
    return (
        f'<div class="tap"><p>{words["shown"]}</p><p><code id="address">{written}</code></p>'
        f'<button type="button" class="again" data-copy data-done="{words["copied"]}" '
        f'data-failed="{words["not copied"]}">{words["copy"]}</button> <span id="said" role="status"></span>'
        f'<p>{words["use"]}</p>{code}<p><a href="{written}">{words["open"]}</a>. {words["opened"]}</p></div>'
    )


router = mount("/", [show_cards, style_cards, copy_address])
