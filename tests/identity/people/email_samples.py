"""One email of each kind, with names that would break markup, and everything that it can show."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from virage.identity.people.rules.emails import Email, EmailContent, EmailKind, Receipt, VatAmount
from virage.site.venue.rules.venue import PlaceLabel

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 5, 9, 21, 0, tzinfo=PARIS)
EVIL = "<b>&\"'{{ code }}"
TITLE = {"fr": "Virage FC - Étoile du Midi", "en": "Virage FC v Étoile du Midi"}
EVENT = {
    "number": "NHGC-8NNY",
    "title": TITLE,
    "starts_at": AT,
    "zone": "",
    "doors_at": AT.replace(hour=19, minute=30),
    "venue": "Stade du Virage",
}
SEAT = PlaceLabel("C", "Tribune Nord", "113", "12", 14)
STANDING = PlaceLabel("A", area="VS", area_name={"fr": "Virage Sud", "en": "South Stand"})
PLACES = [
    {"fee": False, "label": SEAT, "tariff": "full", "cents": 4500},
    {"fee": False, "label": STANDING, "tariff": "companion", "cents": 0},
]
NAME = "<b>&\"'"
TRANSFER = EVENT | {"count": 2, "giver": NAME, "receiver": NAME, "until": AT.replace(day=7, hour=12)}
LISTING = EVENT | {"count": 2, "cents": 7200, "total_cents": 8000}
REMINDER = EVENT | {"count": 2, "until": AT.replace(day=7, hour=12)}
MEMBERSHIP = {
    "organiser": NAME,
    "tier": {"fr": "Or", "en": "Gold"},
    "number": 104,
    "starts_on": date(2025, 7, 1),
    "ends_on": date(2026, 6, 30),
    "imported": False,
    "upgraded": False,
    "cents": 3000,
    "total_cents": 3000,
}
POINTS = {
    "organiser": NAME,
    "programme": {"fr": "Points du club", "en": "Club points", "de": "Vereinspunkte"},
    "points": 120,
    "lapses_on": date(2027, 1, 1),
    "last_day": date(2026, 12, 31),
}
REWARD = {
    "organiser": NAME,
    "programme": {"fr": "Points du club", "en": "Club points", "de": "Vereinspunkte"},
    "reward": {"fr": "Tour de la pelouse", "en": "Pitch walk", "de": "Gang auf den Rasen"},
    "points": 400,
    "code": "K7MW2RTC",
    "reason": "",
}
ATTENDANCE = {"package": {"en": "Season", "fr": "Saison", "de": "Saison"}, "unused": 3, "max": 5}
RENEWAL = {
    "package": {"fr": "Saison 2026-2027", "en": "Season 2026-2027", "de": "Saison 2026/27"},
    "earlier": {"fr": "Saison 2025-2026", "en": "Season 2025-2026", "de": "Saison 2025/26"},
    "labels": [SEAT, STANDING],
    "events": 19,
    "other": 2,
    "cents": 38000,
    "until": AT,
    "wishes": True,
    "wishes_until": AT.replace(day=2),
    "zone": "",
}
INSTALMENT = {
    "package": {"fr": "Saison 2026-2027", "en": "Season 2026-2027", "de": "Saison 2026/27"},
    "number": 2,
    "count": 3,
    "cents": 12800,
    "events": 6,
    "card": "Visa •••• 4242",
    "due_at": AT,
    "again": True,
    "again_at": AT.replace(day=2),
    "until": AT.replace(day=5),
    "zone": "",
}
DRAW = {
    "event": TITLE,
    "zone": "",
    "code": "K7QX2MNPA9TD",
    "commitment": "6d" * 32,
    "size": 2,
    "category": {"fr": "Or", "en": "Gold", "de": "Gold"},
    "cents": 16300,
    "closes_at": AT.replace(day=1, hour=20),
    "draws_at": AT.replace(day=2, hour=12),
    "ends_at": AT.replace(day=6, hour=12),
    "pays_until": AT.replace(day=4, hour=12),
    "number": 4211,
    "waits": True,
    "price_changed": True,
    "met": ["hearing_loop", "guide_dog"],
    "unmet": ["quiet"],
}
VAT = [VatAmount(55, 4500, 235), VatAmount(200, 300, 50)]

CONTENTS: dict[EmailKind, EmailContent] = {
    EmailKind.SIGN_IN_CODE: EmailContent({}),
    EmailKind.OPEN_SIGN_IN_CODE: EmailContent({}),
    EmailKind.PHONE_CODE: EmailContent({}),
    EmailKind.INVITATION: EmailContent({}, path="/office/invitation#secret"),
    EmailKind.ACCOUNT_ERASED: EmailContent({}),
    EmailKind.PASSKEY_ADDED: EmailContent({}, path="/account"),
    EmailKind.PASSKEY_REMOVED: EmailContent({}, path="/account"),
    EmailKind.PASSKEY_CLONED: EmailContent({}, path="/account"),
    EmailKind.NEW_DEVICE: EmailContent({}, path="/account"),
    EmailKind.RECOVERY_STARTED: EmailContent({}, path="/recovery#secret"),
    EmailKind.RECOVERY_USED: EmailContent({}, path="/account"),
    EmailKind.RECOVERY_CODES_MADE: EmailContent({}, path="/account"),
    EmailKind.RECOVERY_CODE_USED: EmailContent({}, path="/account"),
    EmailKind.BREAK_GLASS_USED: EmailContent({}, path="/account"),
    EmailKind.ORDER_PAID: EmailContent(
        EVENT | {"paper": True, "standing": True, "total_cents": 4800},
        [*PLACES, {"fee": True, "cents": 300}],
        "/tickets",
        Receipt("NHGC-8NNY", AT, 4800, VAT),
    ),
    EmailKind.BUNDLE_PAID: EmailContent(
        {"count": 2, "number": "NHGC-8NNY", "standing": True, "total_cents": 4500},
        [EVENT | {"labels": [SEAT, SEAT], "cents": 3000}, EVENT | {"labels": [STANDING], "cents": 1500}],
        "/tickets",
        Receipt("NHGC-8NNY", AT, 4500, VAT[:1]),
    ),
    EmailKind.REFUND: EmailContent(EVENT | {"cents": 4650}, PLACES[:1], "/orders/1"),
    EmailKind.REFUND_FAILED: EmailContent(EVENT | {"cents": 4650}, path="/orders/1"),
    EmailKind.PAYOUT_FAILED: EmailContent({"cents": 2000}, path="/wallet"),
    EmailKind.TICKETS_SUSPENDED: EmailContent(EVENT, path="/orders/1"),
    EmailKind.TICKETS_REINSTATED: EmailContent(EVENT, path="/orders/1"),
    EmailKind.DOUBLE_PAYMENT: EmailContent(EVENT | {"cents": 5100}, path="/orders/1"),
    EmailKind.LATE_PAYMENT: EmailContent(EVENT | {"cents": 5100}, path="/events/1"),
    EmailKind.DEBIT_STARTED: EmailContent(EVENT | {"cents": 5100}, path="/orders/1"),
    EmailKind.DEBIT_FAILED: EmailContent(EVENT | {"cents": 5100}, path="/events/1"),
    EmailKind.DEBIT_RETURNED: EmailContent(EVENT | {"cents": 5100, "cancelled": True}, path="/orders/1"),
    EmailKind.EVENT_CANCELLED: EmailContent(EVENT | {"cents": 4800}, PLACES, "/orders/1"),
    EmailKind.EVENT_MOVED: EmailContent(EVENT | {"was_at": AT.replace(day=8, hour=20)}, path="/orders/1"),
    EmailKind.SEATS_CHANGED: EmailContent(
        EVENT | {"lost": 2, "moved": 1, "entrances": 1, "kept": 2, "paper": True, "cents": 4650},
        [
            {"former": SEAT, "label": PlaceLabel("D", "Tribune Est", "120", "3", 5), "entrance": "", "tariff": "full"},
            {"former": SEAT, "label": SEAT, "entrance": "D", "tariff": "full"},
            {"former": STANDING, "label": None, "entrance": "", "tariff": "companion"},
        ],
        "/tickets",
    ),
    EmailKind.TRANSFER_OFFERED: EmailContent(TRANSFER, PLACES[:2], "/transfers/1#secret"),
    EmailKind.TRANSFER_ACCEPTED: EmailContent(TRANSFER, PLACES[:2], "/tickets"),
    EmailKind.TRANSFER_CANCELLED: EmailContent(TRANSFER, PLACES[:2], "/tickets"),
    EmailKind.TRANSFER_EXPIRED: EmailContent(TRANSFER, PLACES[:2], "/tickets"),
    EmailKind.TRANSFER_ENDED: EmailContent(TRANSFER, PLACES[:2], "/tickets"),
    EmailKind.TRANSFER_WITHDRAWN: EmailContent(TRANSFER, [], ""),
    EmailKind.TICKETS_RECEIVED: EmailContent(TRANSFER, PLACES[:2], "/tickets"),
    EmailKind.TICKETS_RETURNED: EmailContent(TRANSFER | {"count": 1}, PLACES[:1], "/tickets"),
    EmailKind.RECEIVED_REFUNDED: EmailContent(EVENT | {"cancelled": False}, PLACES[:1], "/tickets"),
    EmailKind.LISTING_SOLD: EmailContent(
        LISTING | {"to_wallet": False, "wallet_was_full": True}, PLACES[:2], "/tickets"
    ),
    EmailKind.LISTING_ENDED: EmailContent(LISTING, PLACES[:2], "/tickets"),
    EmailKind.LISTING_STOPPED: EmailContent(LISTING, PLACES[:2], "/tickets"),
    EmailKind.LISTING_ALLOWED: EmailContent(LISTING, PLACES[:2], "/tickets"),
    EmailKind.LISTING_REFUSED: EmailContent(LISTING | {"count": 1}, PLACES[:1], "/tickets"),
    EmailKind.WAITING_LIST: EmailContent(REMINDER, path="/events/1/exchange"),
    EmailKind.NAMES_MISSING: EmailContent(REMINDER, PLACES[:2], "/tickets/1"),
    EmailKind.EVENT_REMINDER: EmailContent(REMINDER, PLACES[:2], "/tickets/1"),
    EmailKind.MEMBERSHIP_BEGUN: EmailContent(
        MEMBERSHIP,
        [{"name": MEMBERSHIP["tier"], "cents": 3000}],
        "/membership",
        Receipt("104-202507", AT, 3000, [VatAmount(200, 3000, 500)]),
    ),
    EmailKind.MEMBERSHIP_ENDS_SOON: EmailContent(MEMBERSHIP, path="/membership"),
    EmailKind.MEMBERSHIP_CANCELLED: EmailContent(MEMBERSHIP, path="/membership"),
    EmailKind.MEMBERSHIP_MONEY_RETURNED: EmailContent(MEMBERSHIP, path="/membership"),
    EmailKind.MEMBERSHIP_REFUND_FAILED: EmailContent(MEMBERSHIP, path="/membership"),
    EmailKind.POINTS_LAPSE_SOON: EmailContent(POINTS, path="/points"),
    EmailKind.REWARD_READY: EmailContent(REWARD, path="/points"),
    EmailKind.REWARD_CANCELLED: EmailContent(REWARD, path="/points"),
    EmailKind.DRAW_ENTERED: EmailContent(DRAW, path="/events/1/draw"),
    EmailKind.DRAW_WON: EmailContent(DRAW, path="/tickets"),
    EmailKind.DRAW_TO_PAY: EmailContent(DRAW, path="/events/1/draw"),
    EmailKind.DRAW_NOT_WON: EmailContent(DRAW, path="/events/1/draw"),
    EmailKind.DRAW_CANCELLED: EmailContent(DRAW, path="/events/1"),
    EmailKind.INSTALMENT_DUE: EmailContent(INSTALMENT, path="/subscriptions/1"),
    EmailKind.INSTALMENT_FAILED: EmailContent(INSTALMENT, path="/subscriptions/1"),
    EmailKind.RENEWAL_DUE: EmailContent(RENEWAL, path="/renewals/1"),
    EmailKind.RENEWAL_REMINDER: EmailContent(RENEWAL, path="/renewals/1"),
    EmailKind.RENEWAL_MOVED: EmailContent(RENEWAL, path="/renewals/1"),
    EmailKind.ATTENDANCE_WARNED: EmailContent(ATTENDANCE, path="/subscriptions/1"),
    EmailKind.ATTENDANCE_REACHED: EmailContent(ATTENDANCE, path="/subscriptions/1"),
    EmailKind.FOOD_RECEIPT: EmailContent(
        {"outlet": {"fr": "Buvette 27", "en": "Stand 27"}, "at": AT, "total_cents": 1450},
        [
            {"quantity": 2, "name": {"fr": "Menu hot-dog", "en": "Hot dog meal"}, "cents": 1250},
            {"quantity": 2, "name": {"fr": "Consigne de gobelet", "en": "Cup deposit"}, "cents": 200},
        ],
        "/food/orders/1",
        Receipt("27-14", AT, 1450, [VatAmount(0, 200, 0), VatAmount(100, 1250, 114)]),
    ),
    EmailKind.TOP_UP_OFF: EmailContent({}, path="/wallet"),
    EmailKind.TOP_UP_CONFIRM: EmailContent({"cents": 2000, "days": 7}, path="/wallet"),
}
SECRETS = {
    EmailKind.SIGN_IN_CODE: {"code": "012345"},
    EmailKind.OPEN_SIGN_IN_CODE: {"code": "0123 4567 8901"},
    EmailKind.PHONE_CODE: {"code": "012345"},
    EmailKind.INVITATION: {"code": "secret", "role": "box_office"},
    EmailKind.NEW_DEVICE: {"device": "Firefox, Android"},
    EmailKind.RECOVERY_STARTED: {"code": "secret", "hours": "24"},
    EmailKind.RECOVERY_CODE_USED: {"left": "9"},
    EmailKind.BREAK_GLASS_USED: {"address": "reserve@club.example", "device": "Firefox, Linux"},
    EmailKind.PASSKEY_ADDED: {"name": "<b>&\"' Key"},
    EmailKind.PASSKEY_REMOVED: {"name": "<b>&\"' Key"},
    EmailKind.PASSKEY_CLONED: {"name": "<b>&\"' Key"},
}


def email(kind: EmailKind, locale: str) -> Email:
    """An email of that kind, as the sender of emails composes it."""
    return Email(
        id=UUID(int=7),
        kind=kind,
        subject_id=UUID(int=8),
        about_id=UUID(int=9),
        person_id=None,
        locale=locale,
        to="fan@example.org",
        secret=SECRETS.get(kind, {}),
        was_at=None,
        expires_at=None,
        blocked=False,
    )
