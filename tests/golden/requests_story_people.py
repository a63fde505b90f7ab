"""Recorded requests of people: sign-in, personal data, staff, API clients, devices, pages,
notifications.
"""

from tests.golden.requests_cast import Signer
from tests.golden.requests_story import Story

PUSH = {
    "endpoint": "https://push.example/golden",
    "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
}


async def play(story: Story) -> None:
    """Play all of it."""
    await sign_in(story)
    await own_data(story)
    await staff(story)
    await programs(story)
    await pages(story)
    await system(story)


async def sign_in(story: Story) -> None:
    """Request a code, type a wrong one and the right one, read the session, sign out."""
    address = "golden@example.org"
    await story.ask("browser", "GET", "/api/me")
    await story.ask("browser", "POST", "/api/sign-in/codes", {"email": "no address"}, expect=400)
    await story.ask("browser", "POST", "/api/sign-in/codes", {"email": address, "locale": "en"})
    code = await story.letter(address, r"\b(\d{6})\b")
    attempt = {"email": address, "code": code, "name": "Golden Fan"}
    await story.ask("anonymous", "POST", "/api/sign-in", attempt, expect=409)
    await story.ask("browser", "POST", "/api/sign-in", attempt | {"code": "000000"}, expect=409)
    await story.ask("browser", "POST", "/api/sign-in", attempt)
    for path in ("/api/me", "/api/me/sessions", "/api/me/erasure", "/api/wallet", "/api/me/tickets"):
        await story.ask("browser", "GET", path)
    await story.ask("browser", "DELETE", "/api/session")
    await story.ask("browser", "GET", "/api/me")
    await story.ask("second browser", "POST", "/api/sign-in/codes", {"email": address, "locale": "fr"})
    code = await story.letter(address, r"\b(\d{6})\b")
    await story.ask("second browser", "POST", "/api/sign-in", {"email": address, "code": code})
    await story.ask("second browser", "DELETE", "/api/me/sessions")
    await story.ask("second browser", "GET", "/api/me/sessions", expect=401)


async def own_data(story: Story) -> None:
    """Change and export personal data, choose notifications, subscribe to push messages."""
    await story.ask("fan", "PATCH", "/api/me", {"name": "Golden Fan", "locale": "en"})
    await story.ask("fan", "PATCH", "/api/me", {"locale": "fr"})
    await sign_in_again(story, "fan", "phone of the fan")
    sessions = (await story.ask("fan", "GET", "/api/me/sessions")).json
    other = next(session for session in sessions if not session["current"])
    await story.ask("friend", "DELETE", f"/api/me/sessions/{other['id']}", expect=404)
    await story.ask("fan", "DELETE", f"/api/me/sessions/{other['id']}")
    await story.ask("fan", "GET", "/api/me/export")
    await story.ask("guest", "GET", "/api/me/export", expect=401)
    subscription = story.new_id()
    await story.ask("fan", "PUT", f"/api/me/push-subscriptions/{subscription}", PUSH)
    await story.ask("fan", "PUT", f"/api/me/push-subscriptions/{subscription}", PUSH | {"auth": "short"}, expect=400)
    choice = {"kinds": ["goals", "periods"], "quiet": "inside", "even_during": ["goals"]}
    await story.ask("fan", "PUT", "/api/me/notices/club", choice)
    event = f"/api/me/notices/events/{story.known['event_id'][0]}"
    await story.ask("fan", "PUT", event, choice | {"quiet": "always"})
    await story.ask("fan", "GET", "/api/me/notices")
    await story.ask("fan", "DELETE", event)
    await story.ask("fan", "DELETE", f"/api/me/push-subscriptions/{subscription}")
    await story.ask("cashier", "PUT", "/api/me/pin", {"pin": "111111"}, expect=400)
    await story.ask("cashier", "PUT", "/api/me/pin", {"pin": "482914"})
    await story.ask("fan", "PUT", "/api/me/pin", {"pin": "482914"}, expect=403)


async def staff(story: Story) -> None:
    """Invite two people, let one accept and take the role back, withdraw the other invitation."""
    address = "golden.steward@example.org"
    wish = {"email": address, "role": "steward", "scope": "gate", "scope_id": "A", "locale": "en"}
    await story.ask("admin", "POST", "/api/office/invitations", wish)
    await story.ask("office", "POST", "/api/office/invitations", wish, expect=403)
    await story.ask("admin", "POST", "/api/office/invitations", wish | {"scope_id": "none"}, expect=400)
    await story.ask("admin", "POST", "/api/office/invitations", wish | {"email": "other@example.org"})
    code = await story.letter(address, r"/invitation[^\s#]*#(\S+)")
    await story.ask("invited", "POST", "/api/sign-in/codes", {"email": address, "locale": "en"})
    digits = await story.letter(address, r"\b(\d{6})\b")
    await story.ask("invited", "POST", "/api/sign-in", {"email": address, "code": digits})
    await story.ask("invited", "POST", "/api/invitations/read", {"code": code})
    await story.ask("friend", "POST", "/api/invitations/accept", {"code": code}, expect=409)
    await story.ask("invited", "POST", "/api/invitations/accept", {"code": code})
    found = (await story.ask("admin", "GET", "/api/office/staff")).json
    grant = next(grant for grant in found["grants"] if grant["email"] == address)
    await story.ask("admin", "DELETE", f"/api/office/grants/{grant['id']}")
    (left,) = [invitation for invitation in found["invitations"] if invitation["email"] == "other@example.org"]
    await story.ask("admin", "DELETE", f"/api/office/invitations/{left['id']}")


async def programs(story: Story) -> None:
    """Give an API client a token, use it, revoke it; pair devices, move one and revoke it."""
    grant = {"role": "box_office", "scope": "organiser", "scope_id": story.known["match"][2]}
    wish = {"name": "Season tickets", "grants": [grant], "expires_at": story.at(days=30)}
    made = (await story.ask("office", "POST", "/api/office/tokens", wish)).json
    bearer = {"authorization": f"Bearer {made['token']}"}
    await story.ask("anonymous", "GET", "/api/me", headers=bearer)
    await story.ask("anonymous", "GET", "/api/office/sales", headers=bearer)
    await story.ask("fan", "POST", "/api/office/tokens", wish, expect=403)
    await story.ask("office", "GET", "/api/office/tokens")
    await story.ask("office", "DELETE", f"/api/office/tokens/{made['id']}")
    await story.ask("anonymous", "GET", "/api/office/sales", headers=bearer, expect=401)
    for who, kind, posts in (
        ("supervisor", "phone", ["B"]),
        ("finance", "till", ["02"]),
        ("supervisor", "lane", ["A"]),
    ):
        pairing = {"id": story.new_id(), "name": f"Golden {kind} 2", "kind": kind, "posts": posts}
        opened = (await story.ask(who, "POST", "/api/office/devices/pairings", pairing)).json
        await story.ask("fan", "POST", "/api/office/devices/pairings", pairing, expect=403)
        arrival = {"code": opened["code"], "key": Signer(f"second {kind}").jwk()}
        paired = (await story.ask("anonymous", "POST", "/api/devices/pair", arrival)).json
        bearer = {"authorization": f"Bearer {paired['token']}"}
        await story.ask("anonymous", "GET", "/api/devices/me", headers=bearer)
        device = f"/api/office/devices/{paired['device_id']}"
        await story.ask(who, "PUT", device, {"name": f"Golden {kind} 3", "posts": posts})
        await story.ask(who, "GET", "/api/office/devices")
        if kind == "lane":
            withdrawn = {"withdraw_since": story.at(minutes=-5)}
            await story.ask(who, "POST", f"/api/access/devices/{paired['device_id']}/revocation", withdrawn)
        else:
            await story.ask(who, "DELETE", device)
        await story.ask("anonymous", "GET", "/api/devices/me", headers=bearer, expect=401)
    await story.ask(
        "anonymous", "POST", "/api/devices/pair", {"code": "ABCD-123 456", "key": Signer("x").jwk()}, expect=409
    )


async def pages(story: Story) -> None:
    """Read the operator's pages, and publish a new version of one."""
    await story.ask("anonymous", "GET", "/api/pages")
    for kind in ("terms", "privacy", "legal_notice", "accessibility", "help"):
        for language in ("fr", "en"):
            await story.ask("anonymous", "GET", f"/api/pages/{kind}", query=f"language={language}")
    path = "/api/office/pages/help/en"
    versions = (await story.ask("admin", "GET", path)).json
    draft = {"id": story.new_id(), "title": "Help", "body": "# Help\n\nAsk a steward.", "revision": len(versions) + 5}
    await story.ask("admin", "PUT", path, draft, expect=409)
    await story.ask("admin", "PUT", path, draft | {"revision": len(versions)})
    await story.ask("anonymous", "GET", f"/api/pages/versions/{draft['id']}")
    await story.ask("anonymous", "GET", "/api/pages/help", query="language=en")


async def system(story: Story) -> None:
    """Read the venue, the club, and the administrator's monitoring."""
    await story.ask("anonymous", "GET", "/api/club")
    await story.ask("anonymous", "GET", "/api/stream", expect=400)
    await story.ask("anonymous", "GET", "/api/stream", query="topics=live&since=none", expect=400)
    venue = (await story.ask("anonymous", "GET", "/api/ground")).json
    lifts = (await story.ask("anonymous", "GET", "/api/ground/lifts")).json
    story.known["venue"] = [venue["version"]]
    lift = lifts[0]["code"] if isinstance(lifts, list) else next(iter(lifts.values()))[0]["code"]
    story.learn(lift=lift)
    await story.ask("admin", "PUT", f"/api/ground/lifts/{lift}", {"working": False})
    await story.ask("anonymous", "GET", "/api/ground/lifts")
    await story.ask("admin", "PUT", f"/api/ground/lifts/{lift}", {"working": True})
    await story.ask("admin", "PUT", "/api/ground/lifts/none", {"working": True}, expect=404)
    await story.ask("admin", "POST", "/api/office/dead-letters/requeue", {"ids": [1, 2]})
    await story.ask("admin", "POST", "/api/office/dead-letters/drop", {"ids": [1, 2]})


async def sign_in_again(story: Story, who: str, browser: str = "") -> None:
    """Confirm a sign-in, which some commands require within 15 minutes, or sign in in another
    browser.
    """
    email = f"{who}@example.org"
    await story.ask(browser or who, "POST", "/api/sign-in/codes", {"email": email, "locale": "en"})
    code = await story.letter(email, r"\b(\d{6}|\d{4} \d{4} \d{4})\b")
    await story.ask(browser or who, "POST", "/api/sign-in", {"email": email, "code": code.replace(" ", "")})
