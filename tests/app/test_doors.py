"""Permissions of every endpoint: every route with every role. A route that is not in the table
fails the test.
"""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application

if TYPE_CHECKING:
    from tests.app.conftest import World

STAFF = frozenset({"admin", "programme", "box_office", "finance", "steward", "supervisor", "cashier", "kitchen"})
STAFF |= {"controller", "match_desk", "media_desk", "moderator", "describer", "venue_manager"}
PERSON = STAFF | {"fan"}
BUYER = PERSON | {"guest"}
EVERYONE = BUYER | {"anonymous", "program", "device", "till"}
DEVICE = frozenset({"device"})
KITCHEN = ("kitchen", "cashier", "finance")


def only(*roles: str) -> frozenset[str]:
    """People with one of the roles; the test's API client has the box office's."""
    program = {"program"} if "box_office" in roles else set()
    return frozenset({"admin", *roles, *program})


# Path parameters that are no ids.
NAMES = dict.fromkeys(("version", "block", "code", "name"), "none") | {
    "file": "club",
    "kind": "press",
    "part": "block",
    "outlet": "01",
    "language": "en",
    "locale": "en",
    "camera": "main",
    "playlist": "main.m3u8",
    "provider": "sandbox",
}
NAMES |= dict.fromkeys(("page", "number", "position"), "1") | dict.fromkeys(("period", "since"), "0")

# The endpoints open to each kind of principal. 401 and 403 mean closed; any other response means
# open.
DOORS: dict[str, frozenset[str]] = {
    "GET /api/venues": EVERYONE,
    "GET /api/venue": EVERYONE,
    "GET /api/venue/{version}": EVERYONE,
    "GET /api/venue/{version}/geometry": EVERYONE,
    "GET /api/venue/{version}/labels/{block}": EVERYONE,
    "GET /api/venue/route": EVERYONE,
    "GET /api/venue/nearest": EVERYONE,
    "GET /api/venue/lifts": EVERYONE,
    "PUT /api/venue/lifts/{code}": only("steward"),
    "GET /api/office/venues": only("venue_manager"),
    "POST /api/office/venues": only("venue_manager"),
    "POST /api/office/venues/check": only("venue_manager"),
    "POST /api/office/venues/mend": only("venue_manager"),
    "GET /api/office/venues/{code}": only("venue_manager"),
    "POST /api/office/venues/{code}/versions": only("venue_manager"),
    "GET /api/office/venues/{code}/versions/{version}/file": only("venue_manager"),
    "GET /api/office/venues/{code}/differences": only("venue_manager"),
    "GET /api/office/events/{event_id}/closures": only("venue_manager"),
    "PUT /api/office/events/{event_id}/closures/{part}/{code}": only("venue_manager"),
    "GET /api/club": EVERYONE,
    "GET /manifest.webmanifest": EVERYONE,
    "GET /icon.svg": EVERYONE,
    "GET /healthz": EVERYONE,
    "GET /readyz": EVERYONE,
    "GET /metrics": EVERYONE,  # it hides from other machines, by 404
    "GET /api/openapi.json": EVERYONE,
    "GET /api/stream": EVERYONE,  # each topic decides
    "GET /api/events": EVERYONE,
    "GET /api/events/{event_id}": EVERYONE,
    "GET /api/events/{event_id}/offer": EVERYONE,
    "GET /api/events/{event_id}/exchange": EVERYONE,
    "GET /api/events/{event_id}/availability": EVERYONE,
    "POST /api/events/{event_id}/proposal": EVERYONE,
    "GET /api/events/{event_id}/pass-keys": EVERYONE,
    "GET /api/events/{event_id}/windows": EVERYONE,
    "GET /api/packages": EVERYONE,
    "GET /api/packages/{package_id}": EVERYONE,
    "POST /api/packages/{package_id}/offer": EVERYONE,
    "POST /api/packages/{package_id}/subscriptions": PERSON,
    "GET /api/subscriptions": PERSON,
    "GET /api/subscriptions/{subscription_id}": PERSON,
    "POST /api/subscriptions/{subscription_id}/payment": PERSON,
    "POST /api/subscriptions/{subscription_id}/card": PERSON,
    "DELETE /api/subscriptions/{subscription_id}": PERSON,
    "GET /api/office/packages": only("programme", "box_office", "finance"),
    "PUT /api/office/packages/{package_id}": only("programme"),
    "POST /api/office/packages/preview": only("programme"),
    "GET /api/office/packages/{package_id}/subscriptions": only("programme", "box_office", "finance"),
    "GET /api/office/packages/{package_id}/subscriptions.csv": only("programme", "box_office", "finance"),
    "GET /api/renewals": PERSON,
    "GET /api/renewals/{renewal_id}": PERSON,
    "PUT /api/renewals/{renewal_id}/seats": PERSON,
    "PUT /api/renewals/{renewal_id}/wishes": PERSON,
    "DELETE /api/renewals/{renewal_id}": PERSON,
    "GET /api/office/seasons": only("programme", "box_office", "finance"),
    "PUT /api/office/seasons/{campaign_id}": only("programme"),
    "POST /api/office/seasons/{campaign_id}/preview": only("programme"),
    "POST /api/office/seasons/{campaign_id}/steps": only("programme"),
    "GET /api/office/seasons/{campaign_id}/renewals": only("programme", "box_office", "finance"),
    "GET /api/office/seasons/{campaign_id}/round.csv": only("programme", "box_office", "finance"),
    "POST /api/office/renewals/{renewal_id}/decision": only("programme"),
    "GET /api/attendance/{subscription_id}": PERSON,
    "GET /api/office/attendance/{package_id}": only("programme", "box_office", "finance"),
    "PUT /api/office/attendance/{package_id}": only("programme"),
    "GET /api/office/attendance/{package_id}/holders.csv": only("programme", "box_office", "finance"),
    "GET /api/events/{event_id}/draw": EVERYONE,
    "PUT /api/events/{event_id}/draw/entry": PERSON,
    "DELETE /api/events/{event_id}/draw/entry": PERSON,
    "GET /api/draws/{draw_id}/{name}": EVERYONE,
    "GET /api/office/events/{event_id}/draw": only("programme", "box_office", "finance"),
    "PUT /api/office/events/{event_id}/draw": only("programme"),
    "POST /api/office/events/{event_id}/draw/steps": only("programme"),
    "GET /api/office/events/{event_id}/draw/entries": only("programme", "box_office", "finance"),
    "GET /api/office/events/{event_id}/draw/entries.csv": only("programme", "box_office", "finance"),
    "GET /api/membership/tiers": EVERYONE,
    "GET /api/membership": PERSON,
    "POST /api/membership": PERSON,
    "POST /api/membership/{membership_id}/upgrade": PERSON,
    "GET /api/points": EVERYONE,
    "GET /api/points/accounts/{account_id}/movements": PERSON,
    "POST /api/points/accounts": PERSON,
    "POST /api/points/accounts/{account_id}/close": PERSON,
    "POST /api/points/redemptions": PERSON,
    "GET /api/office/points": only("programme", "box_office", "finance"),
    "PUT /api/office/points/programmes/{organiser_id}": only("programme"),
    "PUT /api/office/points/rewards/{reward_id}": only("programme"),
    "GET /api/office/points/redemptions": only("programme", "box_office", "finance"),
    "GET /api/office/points/redemptions/waiting": only("programme", "box_office", "finance"),
    "POST /api/office/points/redemptions/{redemption_id}/state": only("box_office"),
    "GET /api/office/membership/tiers": only("programme", "box_office", "finance"),
    "PUT /api/office/membership/tiers/{tier_id}": only("programme"),
    "GET /api/office/membership/members": only("programme", "box_office", "finance"),
    "POST /api/office/membership/import/check": only("box_office"),
    "POST /api/office/membership/import": only("box_office"),
    "POST /api/office/membership/{membership_id}/cancel": only("box_office"),
    "GET /api/office/events/{event_id}/windows": only("programme", "box_office", "finance"),
    "PUT /api/office/events/{event_id}/windows": only("programme"),
    "GET /api/offers": EVERYONE,
    "POST /api/sign-in/codes": EVERYONE,
    "GET /api/sign-in/methods": EVERYONE,
    "GET /api/sign-in/sso": EVERYONE,
    "GET /api/sign-in/sso/callback": EVERYONE,
    "POST /api/sign-in/sso/logout": EVERYONE,
    "POST /api/sign-in": EVERYONE,
    "POST /api/sign-in/passkey/options": EVERYONE,
    "POST /api/sign-in/passkey": EVERYONE,
    "POST /api/sign-in/recovery-code": EVERYONE,
    "POST /api/recoveries/cancel": EVERYONE,
    "GET /.well-known/webauthn": EVERYONE,
    "DELETE /api/session": EVERYONE,
    "GET /api/me": EVERYONE,
    "GET /api/mailbox": EVERYONE,  # hidden like the metrics
    "GET /mailbox": EVERYONE,
    "GET /mailbox/style.css": EVERYONE,
    "GET /mailbox/{email_id}": EVERYONE,
    "GET /mailbox/{email_id}/files/{position}": EVERYONE,
    "GET /cards": EVERYONE,  # the same
    "GET /cards/style.css": EVERYONE,
    "GET /cards/copy.js": EVERYONE,
    "GET /api/office/payments/accounts": only("finance"),
    "POST /api/office/payments/accounts/{organiser_id}/onboarding": only("finance"),
    "POST /api/office/payments/accounts/{organiser_id}/refresh": only("finance"),
    "POST /api/office/payments/accounts/{organiser_id}/replacement": only("finance"),
    "PUT /api/office/payments/accounts/{organiser_id}/fee": only("finance"),
    "GET /api/office/payments/payouts": only("finance"),
    "GET /api/office/payments/payouts/{payout_id}": only("finance"),
    "PUT /api/office/payments/payouts/{payout_id}/line": only("finance"),
    "GET /api/office/payments/payouts/{payout_id}/entries": only("finance"),
    "GET /api/office/payments/payouts/{payout_id}/entries.csv": only("finance"),
    "GET /api/office/payments/search": only("finance"),
    "GET /api/office/payments/{payment_id}": only("finance"),
    "GET /api/office/payments/items": only("finance"),
    "PUT /api/office/payments/items/{item_id}/assignee": only("finance"),
    "POST /api/office/payments/items/{item_id}/notes": only("finance"),
    "PUT /api/office/payments/items/{item_id}/resolution": only("finance"),
    "GET /api/office/payments/statements": only("finance"),
    "POST /api/office/payments/statements/check": only("finance"),
    "POST /api/office/payments/statements": only("finance"),
    "POST /api/payments/webhooks/{provider}": frozenset(),  # opened only by a signature
    "POST /api/orders": EVERYONE,  # an empty request is refused before its principal is checked
    "GET /api/orders/{order_id}": BUYER,
    "GET /api/orders/{order_id}/refunds": BUYER,
    "GET /api/orders/{order_id}/terms": BUYER,
    "DELETE /api/orders/{order_id}": BUYER,
    "GET /api/me/orders": BUYER,
    "POST /api/orders/{order_id}/payment": PERSON,
    "GET /api/wallet": PERSON,
    "POST /api/wallet/top-ups": PERSON,
    "GET /api/wallet/top-ups/{top_up_id}": PERSON,
    "POST /api/wallet/payouts": PERSON,
    "GET /api/wallet/auto-top-up": PERSON,
    "PUT /api/wallet/auto-top-up": PERSON,
    "POST /api/wallet/auto-top-up/confirmation": PERSON,
    "DELETE /api/wallet/auto-top-up": PERSON,
    "POST /api/wallet/proofs": PERSON,
    "GET /api/wallet/proofs/{record_id}": PERSON,
    "PUT /api/me/virtual-card": PERSON,
    "GET /api/me/virtual-card": PERSON,
    "DELETE /api/me/virtual-card/{key_id}": PERSON,
    "POST /api/office/wallet/bonus": only("finance"),
    "GET /api/office/wallet/disputed-proceeds": only("finance"),
    "PATCH /api/me": PERSON,
    "DELETE /api/me": PERSON,
    "GET /api/me/export": PERSON,
    "GET /api/me/erasure": PERSON,
    "GET /api/me/sessions": PERSON,
    "DELETE /api/me/sessions": PERSON,
    "DELETE /api/me/sessions/{session_id}": PERSON,
    "PATCH /api/me/sessions/{session_id}": PERSON,
    "GET /api/me/recovery": STAFF,
    "DELETE /api/me/recovery": PERSON,
    "POST /api/me/recovery-codes": STAFF,
    "GET /api/me/passkeys": PERSON,
    "POST /api/me/passkeys": PERSON,
    "POST /api/me/passkeys/options": PERSON,
    "PATCH /api/me/passkeys/{passkey_id}": PERSON,
    "DELETE /api/me/passkeys/{passkey_id}": PERSON,
    "POST /api/me/confirmation/options": PERSON,
    "POST /api/me/confirmation": PERSON,
    "POST /api/invitations/accept": PERSON,
    "POST /api/invitations/read": PERSON,
    "GET /api/me/tickets": PERSON,
    "GET /api/me/emails": PERSON,
    "POST /api/me/emails/{order_id}/{email_id}/resend": PERSON,
    "PATCH /api/tickets/{ticket_id}": PERSON,
    "PUT /api/tickets/names": PERSON,
    "GET /api/tickets/reminders": PERSON,
    "PUT /api/tickets/reminders": PERSON,
    "POST /api/tickets/{ticket_id}/pass": PERSON,
    "POST /api/tickets/{ticket_id}/rebind-code": PERSON,
    "POST /api/tickets/{ticket_id}/rebind": PERSON,
    "POST /api/tickets/{ticket_id}/paper": PERSON,
    "GET /api/exchange/waiting/{event_id}": PERSON,
    "PUT /api/exchange/waiting/{event_id}": PERSON,
    "DELETE /api/exchange/waiting/{event_id}": PERSON,
    "GET /api/exchange/releases": PERSON,
    "POST /api/exchange/releases": PERSON,
    "GET /api/exchange/tickets": PERSON,
    "GET /api/exchange/listings": PERSON,
    "POST /api/exchange/listings": PERSON,
    "POST /api/exchange/listings/{listing_id}/withdraw": PERSON,
    "POST /api/exchange/orders": PERSON,
    "GET /api/transfers": PERSON,
    "POST /api/transfers": PERSON,
    "POST /api/transfers/{transfer_id}/read": EVERYONE,
    "POST /api/transfers/{transfer_id}/accept": PERSON,
    "POST /api/transfers/{transfer_id}/cancel": PERSON,
    "POST /api/transfers/{transfer_id}/return": PERSON,
    "GET /api/office/events": only("programme", "box_office", "finance", "supervisor"),
    "GET /api/office/events/{event_id}": only("programme", "box_office", "finance", "supervisor"),
    "POST /api/office/events": only("programme"),
    "PUT /api/office/events/{event_id}": only("programme"),
    "POST /api/office/events/{event_id}/publish": only("programme"),
    "POST /api/office/events/{event_id}/cancel": only("programme"),
    "GET /api/office/organisers": only("programme", "box_office", "finance"),
    "POST /api/office/organisers": only("programme"),
    "GET /api/office/series": only("programme", "box_office", "finance"),
    "POST /api/office/series": only("programme"),
    "GET /api/office/events/{event_id}/exchange": only("programme", "box_office"),
    "PUT /api/office/events/{event_id}/exchange": only("programme"),
    "POST /api/office/events/{event_id}/exchange/{listing_id}": only("box_office"),
    "GET /api/office/events/{event_id}/pricing": only("programme", "box_office", "finance"),
    "PUT /api/office/events/{event_id}/pricing": only("programme"),
    "POST /api/office/events/{event_id}/move": only("programme"),
    "GET /api/office/events/{event_id}/move": only("programme"),
    "GET /api/office/events/{event_id}/sales": only("programme", "box_office", "finance"),
    "GET /api/office/events/{event_id}/names": only("programme", "box_office", "finance"),
    "GET /api/office/sales": only("programme", "box_office", "finance"),
    "GET /api/office/orders": only("box_office", "finance"),
    "GET /api/office/orders/{order_id}": only("box_office", "finance"),
    "PUT /api/office/orders/{order_id}/suspension": only("box_office"),
    "DELETE /api/office/orders/{order_id}/suspension": only("box_office"),
    "POST /api/office/orders/{order_id}/refund": only("box_office"),
    "GET /api/office/orders/{order_id}/emails": only("box_office", "finance"),
    "POST /api/office/orders/{order_id}/emails/{email_id}/resend": only("box_office"),
    "GET /api/office/emails": only(),
    "GET /api/office/blocked-addresses": only(),
    "DELETE /api/office/blocked-addresses/{email_id}": only(),
    "GET /api/pages": EVERYONE,
    "GET /api/pages/{kind}": EVERYONE,
    "GET /api/pages/versions/{version_id}": EVERYONE,
    "GET /api/office/pages/{kind}/{language}": only(),
    "PUT /api/office/pages/{kind}/{language}": only(),
    "GET /api/office/dead-letters": only(),
    "POST /api/office/dead-letters/requeue": only(),
    "POST /api/office/dead-letters/drop": only(),
    "POST /api/office/invitations": only(),
    "DELETE /api/office/invitations/{invitation_id}": only(),
    "GET /api/office/staff": only(),
    "DELETE /api/office/grants/{grant_id}": only(),
    "POST /api/office/devices/pairings": only("supervisor", "finance"),
    "GET /api/office/posts": STAFF,
    "GET /api/office/devices": only("supervisor", "finance"),
    "PUT /api/office/devices/{device_id}": only("supervisor", "finance"),
    "DELETE /api/office/devices/{device_id}": only("supervisor", "finance"),
    "POST /api/devices/pair": EVERYONE,  # opened by a code
    "GET /api/devices/me": DEVICE | {"till"},
    "POST /api/till/records": frozenset({"till"}),
    "GET /api/till/proofs/{record_id}": frozenset({"till"}),
    "POST /api/till/purse": frozenset({"till"}),
    "POST /api/till/loads": frozenset({"till"}),
    "POST /api/till/rewards": frozenset({"till"}),
    "POST /api/till/rewards/handover": frozenset({"till"}),
    "GET /api/till/pack": frozenset({"till"}),
    "GET /api/till/cards": frozenset({"till"}),
    "POST /api/till/card-payments": frozenset({"till"}),
    "POST /api/till/card-payments/none": frozenset({"till"}),
    "GET /api/till/card-payments/{payment_id}": frozenset({"till"}),
    "POST /api/till/card-payments/{payment_id}/cancel": frozenset({"till"}),
    "POST /api/till/card-payments/{payment_id}/return": frozenset({"till"}),
    "GET /api/till/card-readers": frozenset({"till"}),
    "PUT /api/till/card-reader": frozenset({"till"}),
    "GET /api/office/food/deviations": only("finance"),
    "GET /api/office/food/offline-loss": only("finance"),
    "POST /api/access/scans": DEVICE,
    "POST /api/access/heartbeat": DEVICE,
    "GET /api/access/events": DEVICE,
    "GET /api/access/pack/{event_id}": DEVICE,
    "GET /api/access/holders/{event_id}": DEVICE,
    "GET /api/access/board/{event_id}": only("supervisor"),
    "GET /api/access/hits/{event_id}": only("supervisor"),
    "PUT /api/access/events/{event_id}/gates/{code}": only("supervisor"),
    "PUT /api/access/events/{event_id}/zones/{code}": only("supervisor"),
    "PUT /api/access/events/{event_id}/windows/{code}": only("supervisor"),
    "PUT /api/access/events/{event_id}/venue": only("supervisor"),
    "GET /api/access/events/{event_id}/identity": only("supervisor"),
    "PUT /api/access/events/{event_id}/identity": only("supervisor"),
    "POST /api/access/events/{event_id}/corrections": only("supervisor"),
    "GET /api/access/events/{event_id}/passes": only("supervisor"),
    "GET /api/access/events/{event_id}/passes/{number}": only("supervisor"),
    "POST /api/access/devices/{device_id}/revocation": only("supervisor"),
    "GET /api/access/bans/{file}": only("supervisor"),
    "POST /api/access/bans/{file}": only("supervisor"),
    "POST /api/access/bans/{file}/list": only("supervisor"),
    "DELETE /api/access/bans/{file}/{ban_id}": only("supervisor"),
    "GET /api/access/ban-reviews": only("supervisor"),
    "POST /api/access/ban-reviews/{subject_id}/{person_id}": only("supervisor"),
    "GET /api/access/accreditations": only("supervisor"),
    "POST /api/access/accreditations": only("supervisor"),
    "POST /api/access/accreditations/list": only("supervisor"),
    "GET /api/access/events/{event_id}/kinds": only("supervisor"),
    "PUT /api/access/events/{event_id}/kinds/{kind}": only("supervisor"),
    "DELETE /api/access/accreditations/{accreditation_id}": only("supervisor"),
    "GET /api/access/accreditations/{accreditation_id}/badge": only("supervisor"),
    "GET /api/food/catalogue/{outlet}": EVERYONE,
    "GET /api/concessions/pictures/{name}": EVERYONE,
    "GET /api/office/food/draft": only("programme", "finance"),
    "PUT /api/office/food/items/{item_id}": only("programme"),
    "DELETE /api/office/food/items/{item_id}": only("programme"),
    "PUT /api/office/food/items/{item_id}/prices": only("programme", "finance"),
    "POST /api/office/food/publications": only("programme", "finance"),
    "GET /api/office/food/publications": only("programme", "finance"),
    "GET /api/office/food/versions/{version}": only("programme", "finance"),
    "POST /api/office/food/pictures": only("programme"),
    "GET /api/office/food/alcohol-permits": only("programme", "finance"),
    "POST /api/office/food/alcohol-permits": only("programme"),
    "DELETE /api/office/food/alcohol-permits/{permit_id}": only("programme"),
    "POST /api/food/stock": only("cashier", "programme"),
    "GET /api/food/stock/{outlet}": only("cashier", "programme", "finance"),
    "GET /api/food/stock/{outlet}/movements": only("cashier", "programme", "finance"),
    "PUT /api/food/stock/{outlet}/thresholds": only("cashier", "programme"),
    "GET /api/live/{event_id}": EVERYONE,
    "GET /api/live/{event_id}/pages/{page}": EVERYONE,
    "POST /api/live/{event_id}/entries": only("match_desk"),
    "GET /api/live/{event_id}/teams": only("match_desk", "programme"),
    "PUT /api/live/{event_id}/teams": only("match_desk", "programme"),
    "POST /api/live/{event_id}/cdf": only("match_desk"),
    "POST /api/live/{event_id}/counts": only("match_desk"),
    "GET /api/live/{event_id}/stats": EVERYONE,
    "GET /api/tracking/{event_id}": EVERYONE,
    "POST /api/tracking/{event_id}/frames": only("match_desk"),
    "GET /api/replay/clips/{clip_id}": EVERYONE,
    "GET /api/replay/clips/{clip_id}/{camera}/{playlist}": EVERYONE,
    "GET /api/replay/clips/{clip_id}/poster.jpg": EVERYONE,
    "GET /api/replay/clips/{clip_id}/{camera}/clip.mp4": EVERYONE,
    "GET /api/replay/clips/{clip_id}/{camera}/described/{locale}/clip.mp4": EVERYONE,
    "GET /api/replay/clips/{clip_id}/start": EVERYONE,
    "GET /api/replay/clips/{clip_id}/{camera}/captions/{locale}/{segment_id}": EVERYONE,
    "PUT /api/replay/clips/{clip_id}/descriptions/{locale}": only("describer"),
    "GET /api/replay/events/{event_id}/descriptions": only("describer"),
    "GET /r/{clip_id}": EVERYONE,  # its content is limited by the clip's rights
    "GET /api/replay/objects/{object_id}": EVERYONE,  # noise without its key
    "GET /api/replay/keys/{clip_id}/{camera}/{period}": EVERYONE,
    "GET /api/replay/events/{event_id}/rights": only("media_desk", "moderator"),
    "PUT /api/replay/events/{event_id}/rights": only("moderator"),
    "POST /api/replay/events/{event_id}/clips": only("media_desk"),
    "POST /api/replay/clips/{clip_id}/release": only("moderator"),
    "POST /api/replay/clips/{clip_id}/withdraw": only("media_desk", "moderator"),
    "GET /api/replay/events/{event_id}/desk": only("media_desk", "moderator"),
    "PUT /api/replay/events/{event_id}/desk": only("moderator"),
    "GET /api/replay/events/{event_id}/cameras/{camera}/{since}/{playlist}": only("media_desk", "moderator"),
    "GET /api/replay/events/{event_id}/keys/{camera}/{period}": only("media_desk", "moderator"),
    "POST /api/replay/suggestions/{suggestion_id}/dismiss": only("media_desk", "moderator"),
    "POST /api/replay/events/{event_id}/taps": PERSON,  # each person counts once
    "GET /api/replay/cameras": only("media_desk", "moderator"),  # the system's cameras, whatever event is on
    "GET /api/food/stock-alerts": only("cashier", "programme", "finance"),
    "GET /api/food/outlets": EVERYONE,
    "GET /api/food/slots": EVERYONE,
    "GET /api/food/sold-out": EVERYONE,
    "POST /api/food/orders": PERSON,
    "GET /api/food/orders": PERSON,
    "GET /api/food/orders/{order_id}": PERSON,
    "POST /api/food/orders/{order_id}/cancel": PERSON,
    "POST /api/food/orders/{order_id}/receipt": PERSON,
    "GET /api/office/food/order-timing": only("finance", "programme"),
    "GET /api/kitchen/{outlet}": only(*KITCHEN),
    "PUT /api/kitchen/{outlet}/capacity": only(*KITCHEN),
    "GET /api/kitchen/{outlet}/runs": only(*KITCHEN),
    "POST /api/kitchen/{outlet}/orders/{order_id}/accept": only(*KITCHEN),
    "POST /api/kitchen/{outlet}/orders/{order_id}/decline": only(*KITCHEN),
    "POST /api/kitchen/{outlet}/orders/{order_id}/ready": only(*KITCHEN),
    "POST /api/kitchen/{outlet}/orders/{order_id}/hand-over": only(*KITCHEN),
    "POST /api/kitchen/{outlet}/orders/{order_id}/delivered": only(*KITCHEN),
    "POST /api/kitchen/{outlet}/orders/{order_id}/refund": only("cashier", "finance"),
    "GET /api/push/key": EVERYONE,
    "PUT /api/me/push-subscriptions/{subscription_id}": PERSON,
    "DELETE /api/me/push-subscriptions/{subscription_id}": PERSON,
    "GET /api/me/notifications": PERSON,
    "PUT /api/me/notifications/club": PERSON,
    "PUT /api/me/notifications/events/{event_id}": PERSON,
    "DELETE /api/me/notifications/events/{event_id}": PERSON,
    "GET /api/office/food/sales": only("programme", "finance"),
    "GET /api/office/food/shifts": only("programme", "finance"),
    "GET /api/office/food/tills": only("finance"),
    "GET /api/office/card-readers": only("finance"),
    "GET /api/office/card-readers/locations": only("finance"),
    "GET /api/office/card-readers/unbooked": only("finance"),
    "POST /api/office/card-readers": only("finance"),
    "PUT /api/office/card-readers/{reader_id}/till": only("finance"),
    "DELETE /api/office/card-readers/{reader_id}": only("finance"),
    "GET /api/office/food/tills/{till_id}/archive": only("finance"),
    "GET /api/office/refunds": only("finance"),
    "POST /api/control/counts": DEVICE,
    "GET /api/control/events/{event_id}/picture": only("controller"),
    "GET /api/control/events/{event_id}/clearing": only("controller"),
    "GET /api/control/events/{event_id}/entry": only("controller"),
    "GET /api/control/events/{event_id}/instructions": only("controller"),
    "POST /api/control/events/{event_id}/instructions": only("controller"),
    "GET /api/control/events/{event_id}/incidents": only("controller"),
    "POST /api/control/events/{event_id}/incidents": only("controller"),
    "GET /api/control/events/{event_id}/log": only("controller"),
    "GET /api/control/events/{event_id}/report.pdf": only("controller"),
    "GET /api/control/events/{event_id}/counts.csv": only("controller"),
    "GET /api/control/incidents/{incident_id}": only("controller"),
    "POST /api/control/incidents/{incident_id}/entries": only("controller"),
    "GET /api/control/events/{event_id}/broadcasts": only("controller"),
    "POST /api/control/events/{event_id}/broadcasts": only("controller"),
    "GET /api/control/broadcasts/feed.atom": only("controller"),
    "GET /api/control/broadcasts/{broadcast_id}/cap.xml": only("controller"),
    "GET /api/control/events/{event_id}/teams": only("controller"),
    "POST /api/control/events/{event_id}/teams": only("controller"),
    "POST /api/control/teams/{team_id}/changes": only("controller"),
    "GET /api/control/incidents/{incident_id}/teams": only("controller"),
    "POST /api/control/incidents/{incident_id}/teams": only("controller"),
    "GET /api/control/incidents/{incident_id}/requests": only("controller"),
    "POST /api/control/incidents/{incident_id}/answers": only("controller"),
    "POST /api/control/requests/{request_id}/false": only("controller"),
    "POST /api/control/assignments/{assignment_id}/steps": only("controller"),
    "GET /api/safety/events": STAFF,
    "GET /api/safety/events/{event_id}/duty": STAFF,  # of the caller's own teams and reports
    "POST /api/safety/events/{event_id}/reports": STAFF,
    "POST /api/safety/reports/{incident_id}/entries": STAFF,
    "POST /api/safety/assignments/{assignment_id}/steps": STAFF,
    "GET /api/safety/events/{event_id}/requests": PERSON,  # the caller's own
    "POST /api/safety/events/{event_id}/requests": PERSON,
    "POST /api/safety/requests/{request_id}/texts": PERSON,
    "POST /api/safety/requests/{request_id}/withdrawal": PERSON,
    "POST /api/safety/requests/{request_id}/hiding": PERSON,
    "GET /api/control/events/{event_id}/alerts": only("controller"),
    "POST /api/control/alerts/{alert_id}/entries": only("controller"),
    "GET /api/control/events/{event_id}/thresholds": only("controller"),
    "POST /api/control/events/{event_id}/thresholds": only("controller"),
    "GET /api/control/events/{event_id}/procedures": only("controller"),
    "POST /api/control/events/{event_id}/procedures": only("controller"),
    "POST /api/control/procedures/{procedure_id}/entries": only("controller"),
    "GET /api/broadcasts/{event_id}": EVERYONE,
    "GET /api/broadcasts/{event_id}/staff": PERSON,
    "GET /api/broadcasts/{event_id}/screens": EVERYONE,
    "GET /api/broadcasts/feed.atom": EVERYONE,
    "GET /api/broadcasts/{broadcast_id}/cap.xml": EVERYONE,
    "POST /api/broadcasts/{broadcast_id}/receipts": PERSON,
    "GET /api/office/disputes": only("finance"),
    "PUT /api/office/disputes/{dispute_id}/assignee": only("finance"),
    "GET /api/office/disputes/{dispute_id}/evidence": only("finance"),
    "POST /api/office/disputes/{dispute_id}/evidence": only("finance"),
    "PUT /api/office/refunds/{refund_id}/assignee": only("finance"),
    "POST /api/office/refunds/{refund_id}/retry": only("finance"),
    "POST /api/office/refunds/{refund_id}/payment": only("finance"),
    "GET /api/office/food/closings": only("finance"),
    "GET /api/office/food/concessionaires": only("programme", "finance"),
    "PUT /api/office/food/concessionaires/{concessionaire_id}": only("programme", "finance"),
    "DELETE /api/office/food/concessionaires/{concessionaire_id}": only("programme", "finance"),
    "PUT /api/office/food/concessionaires/{concessionaire_id}/terms/{terms_id}": only("programme", "finance"),
    "DELETE /api/office/food/concessionaires/{concessionaire_id}/terms/{terms_id}": only("programme", "finance"),
    "GET /api/office/food/concessionaires/{concessionaire_id}/statement": only("programme", "finance"),
    "GET /api/office/food/concessionaires/{concessionaire_id}/statement.csv": only("programme", "finance"),
    "GET /api/office/food/concessionaires/{concessionaire_id}/statement.pdf": only("programme", "finance"),
    "GET /api/office/accounting": only("finance"),
    "GET /api/office/accounting.csv": only("finance"),
    "PUT /api/me/pin": STAFF,
    "GET /api/me/cards": PERSON,
    "POST /api/me/cards": PERSON,
    "PUT /api/me/cards/{card_id}/block": PERSON,
    "DELETE /api/me/cards/{card_id}/block": PERSON,
    "PUT /api/me/cards/{card_id}/daily-limit": PERSON,
    "PUT /api/me/cards/{card_id}/pin": PERSON,
    "POST /api/wallet/cards/find": only("cashier", "finance"),
    "POST /api/wallet/cards/{card_id}/block": only("cashier", "finance"),
    "POST /api/wallet/cards/{card_id}/replacement": only("cashier", "finance"),
    "GET /api/wallet/tap": EVERYONE,  # opened by the card's mirrored message
    "POST /api/office/tokens": PERSON,  # limited to the roles of the principal: a fan has none
    "GET /api/office/tokens": STAFF,
    "DELETE /api/office/tokens/{token_id}": STAFF,
}


def doors(app: Application) -> dict[str, bool]:
    """Every endpoint of the application, and whether it declares its principals."""
    endpoints = [one.endpoint for one in app.served]
    return {f"{one.method} {one.template}": bool(one.guards) != one.public for one in endpoints}


def test_every_route_is_in_the_table_and_every_line_is_a_route(app: Application) -> None:
    assert set(doors(app)) == set(DOORS)


def test_every_route_declares_its_guard_or_that_it_is_public(app: Application) -> None:
    assert [door for door, declared in doors(app).items() if not declared] == []


def askers(world: "World") -> dict[str, Callable[[], Awaitable[dict[str, str]]]]:
    """The credentials of each kind of principal; renewed after a success: some endpoints end a
    session or a person.
    """

    async def anonymous() -> dict[str, str]:
        return {}

    async def fan() -> dict[str, str]:
        return await world.signed_in("fan@example.org")

    async def program() -> dict[str, str]:
        return await world.api_client("box_office")

    async def device() -> dict[str, str]:
        return await world.device("A")

    async def till() -> dict[str, str]:
        return await world.till("01")

    def staff(role: str) -> Callable[[], Awaitable[dict[str, str]]]:
        async def sign_in() -> dict[str, str]:
            return await world.signed_in(f"{role}@example.org", Grant(role))

        return sign_in

    roles = {role: staff(role) for role in STAFF}
    return {
        "anonymous": anonymous,
        "guest": world.guest,
        "fan": fan,
        "program": program,
        "device": device,
        "till": till,
    } | roles


def knock(door: str) -> tuple[str, str]:
    """The method and an address of an endpoint, with ids that do not exist."""
    method, path = door.split()
    path = re.sub(r"{\w+_id}", lambda _: str(new_id()), path)
    return method, re.sub(r"{(\w+)}", lambda found: NAMES[found[1]], path)


async def test_every_route_admits_exactly_its_roles(world: "World") -> None:
    opened: dict[str, set[str]] = {door: set() for door in DOORS}
    shown: dict[str, dict[str, str]] = {}
    for door, allowed in DOORS.items():
        method, path = knock(door)
        for name, show in askers(world).items():
            if name not in shown:
                shown[name] = await show()
            answer = await world.ask(shown[name], method, path, None if method in ("GET", "DELETE") else {})
            if answer.is_success and method != "GET":
                del shown[name]
            assert answer.status_code < 500, (door, name, answer.text)
            if answer.status_code not in (401, 403):
                opened[door].add(name)
            elif allowed:
                knows = 401 if name in ("anonymous", "guest") else 403
                assert answer.status_code == knows, (door, name, "401 asks to sign in, 403 says that it is not theirs")
    assert opened == {door: set(names) for door, names in DOORS.items()}
