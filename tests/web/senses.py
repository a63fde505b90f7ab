"""How people operate a screen with only the keyboard or a screen reader, or in only one language."""

import re
from itertools import pairwise
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

TABS_MAX = 400

# The focused element is marked (an outline; on the map a thick line), visible and not wholly
# covered, once it is drawn: without motion, transitions still end with the next frame.
FOCUS_SHOWS = """async () => {
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const focused = document.activeElement;
  const style = (e) => getComputedStyle(e);
  const drawn = (e) => e.closest('svg') && e.querySelector('path');
  const marked = (e) => (drawn(e) && parseFloat(style(drawn(e)).strokeWidth) > 1.5)
    || (style(e).outlineStyle !== 'none' && parseFloat(style(e).outlineWidth) > 0)
    || (getComputedStyle(e, '::after').outlineStyle !== 'none' && getComputedStyle(e, '::after').content !== 'none');
  let at = focused, depth = 0;
  while (at && depth < 4 && !marked(at)) [at, depth] = [at.parentElement, depth + 1];
  const browsers = focused.matches('video[controls]');  // the browser marks its own controls
  if (!browsers && (!at || depth === 4)) return 'no mark';
  const box = (focused.closest('label') ?? focused).getBoundingClientRect();
  const open = [[.5, .5], [.1, .5], [.9, .5], [.5, .15], [.5, .85]].some(([x, y]) => {
    const top = document.elementFromPoint(box.left + x * box.width, box.top + y * box.height);
    return top && (focused.contains(top) || top.contains(focused) || top.closest('label')?.contains(focused));
  });
  return open ? '' : 'covered or out of sight';
}"""
ACTIVE = "document.activeElement && document.activeElement.outerHTML.slice(0, 160)"
HELD = "() => document.activeElement !== document.body || !window.acted"
"""The focus is somewhere; a page that was opened anew begins at its top."""


class Keys:
    """Tab, Enter, Space and arrows alone. Every element on the way shows its focus; no act loses
    it.
    """

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, target: Locator) -> None:
        self._walk(target)
        self._page.evaluate("window.acted = true")
        self._page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self._walk(target)
        self._page.keyboard.press("ControlOrMeta+a")
        self._page.keyboard.type(text)

    def tick(self, target: Locator) -> None:
        """Check a box with the space bar, or choose one of several options with the arrows."""
        target.wait_for(state="attached")
        if target.get_attribute("type") == "radio":
            self._walk(target.page.locator(f"input[name='{target.get_attribute('name')}']"))
            while not self._has_focus(target):
                self._page.keyboard.press("ArrowDown")
        else:
            self._walk(target)
        if not target.is_checked():
            self._page.keyboard.press("Space")
        expect(target).to_be_checked()

    def _has_focus(self, target: Locator) -> bool:
        return bool(target.evaluate_all("all => all.includes(document.activeElement)"))

    def _walk(self, target: Locator) -> None:
        target.first.wait_for(state="attached")
        self._page.wait_for_function(HELD)
        for _ in range(TABS_MAX):
            if self._has_focus(target):
                break
            self._page.keyboard.press("Tab")
            if self._page.evaluate("document.activeElement !== document.body"):
                fault = self._page.evaluate(FOCUS_SHOWS)
                assert not fault, f"{fault}: {self._page.evaluate(ACTIVE)} at {self._page.url}"
        else:
            raise AssertionError(f"no way by Tab to {target} at {self._page.url}")


# The text of live regions, and of the focused elements.
LISTENING = """
(() => {
  const LIVE = '[aria-live], [role=status], [role=alert], output';
  const say = (node) => {
    const region = (node.nodeType === 1 ? node : node.parentElement)?.closest(LIVE);
    const text = region?.textContent.trim();
    if (text) sessionStorage.said = `${sessionStorage.said ?? ""}\n${text}`;
  };
  new MutationObserver((all) => {
    for (const one of all) {
      say(one.target);
      for (const added of one.addedNodes) {
        if (added.nodeType === 1) [added, ...added.querySelectorAll(LIVE)].forEach(say);
      }
    }
  }).observe(document, { childList: true, subtree: true, characterData: true });
})();
"""
HEARD = """words => {
  let at = 0;
  return words.every((one) => (at = (sessionStorage.said ?? '').indexOf(one, at) + 1));
}"""
NAMED = {"button", "link", "textbox", "searchbox", "checkbox", "radio", "combobox", "listbox", "image", "spinbutton"}
LANDMARKS = {"banner", "main", "navigation", "contentinfo"}


class Ears:
    """A screen reader: it records what live regions announce, and checks the whole tree before each
    act.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._tree: CDPSession = page.context.new_cdp_session(page)
        page.add_init_script(LISTENING)

    def press(self, target: Locator) -> None:
        self._look(target)
        target.click()

    def write(self, target: Locator, text: str) -> None:
        self._look(target)
        target.fill(text)

    def tick(self, target: Locator) -> None:
        self._look(target)
        target.check()

    def hears(self, *words: str) -> None:
        """Expect texts of live regions, in this order, since the last check."""
        self._page.wait_for_function(HEARD, arg=words)
        self._page.evaluate("sessionStorage.removeItem('said')")

    def _look(self, target: Locator) -> None:
        target.wait_for()
        nodes = [node for node in self._tree.send("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
        faults = [f"a {_role(node)} without a name" for node in nodes if _role(node) in NAMED and not _name(node)]
        levels = [_level(node) for node in nodes if _role(node) == "heading"]
        if levels.count(1) != 1:
            faults.append(f"{levels.count(1)} headings of the first level")
        faults += [f"h{after} after h{before}" for before, after in pairwise(levels) if after > before + 1]
        missing = LANDMARKS - {_role(node) for node in nodes}
        if missing and "localhost" in self._page.url and self._page.locator("#main").count():
            faults.append(f"no {sorted(missing)}")
        assert not faults, f"{self._page.url}: {faults}"


def _role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])


def _name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()


def _level(node: dict[str, Any]) -> int:
    return next((int(one["value"]["value"]) for one in node.get("properties", []) if one["name"] == "level"), 2)


# All words of a page that are visible or announced, without those marked as another language.
WORDS = """() => {
  const own = document.documentElement.lang, found = [document.title];
  const walk = (e) => {
    if (e.lang && e !== document.documentElement && e.lang.slice(0, 2) !== own.slice(0, 2)) return;
    if (['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(e.tagName)) return;
    found.push(...['aria-label', 'alt', 'title', 'placeholder'].map((name) => e.getAttribute(name) ?? ''));
    for (const child of e.childNodes) {
      if (child.nodeType === 3 && child.data.trim()) found.push(child.data.trim());
      if (child.nodeType === 1) walk(child);
    }
  };
  walk(document.body);
  return found;
}"""
ENGLISH_ONLY = "the your you and with this of to for are we here from when how these they will by it its at"
FRENCH_ONLY = "le la les des une un votre vous et dans pour avec sur ce cette nous au aux ne pas qui que"
"""Words that every text of a language has, and no text of the other."""

FRENCH = {
    "Find": "Trouver",
    "One fewer: Adult": "Un de moins : Plein tarif",
    "Reserve these seats": "Réserver ces places",
    "Your basket": "Votre panier",
    "Email address": "Adresse e-mail",
    "Send me a code": "M’envoyer un code",
    "Sign-in code": "Code de connexion",
    "Sign in": "Se connecter",
    "Your name": "Votre nom",
    "Save": "Enregistrer",
    "Pay": "Payer",
    "Card number": "Numéro de carte",
    "Expiry": "Expiration",
    "Security code": "Cryptogramme",
    "See you at the stadium": "Rendez‑vous au stade",
    "Open my tickets": "Ouvrir mes billets",
    "Row": "Rang",
    "Entry code of this ticket": "Code d’entrée de ce billet",
    "Show the entry code on this phone": "Afficher le code d’entrée sur ce téléphone",
    "Gate": "Porte",
    "Top up": "Recharger",
}
"""The words of the first half of an evening, which is spent in French."""


class OneLanguage:
    """A reader of one language, who checks every word of a screen before each act."""

    def __init__(self, page: Page, tag: str) -> None:
        self._page = page
        self.tag = tag

    def press(self, target: Locator) -> None:
        self._read(target)
        target.click()

    def write(self, target: Locator, text: str) -> None:
        self._read(target)
        target.fill(text)

    def tick(self, target: Locator) -> None:
        self._read(target)
        target.check()

    def _read(self, target: Locator) -> None:
        target.wait_for(state="attached")
        self.reads()

    def reads(self) -> None:
        """Expect the page to contain only this language."""
        assert self._page.locator("html").get_attribute("lang") == self.tag
        found = [text for text in self._page.evaluate(WORDS) if foreign(text, self.tag)]
        assert not found, f"{self._page.url}: {found}"


def foreign(text: str, tag: str) -> set[str]:
    """Words of a text in the other language; letters within an id are no words."""
    others = ENGLISH_ONLY if tag == "fr" else FRENCH_ONLY
    return set(others.split()) & set(re.findall(r"\w+", text.lower()))
