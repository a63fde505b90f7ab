"""The accounts of the demo, named after their roles."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.demo.programme import CLUB, PROMOTER
from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.settings.config import Config
from virage.platform.web.guard import Grant


class Account(Struct, frozen=True):
    """An account: its address, its roles, and what to try with it."""

    email: str
    about: str
    path: str
    grants: tuple[Grant, ...] = ()


DESK = Account(
    "desk@example.org",
    "match desk: feed entries and replays of the club's matches",
    "/staff/desk",
    tuple(Grant(role, "organiser", CLUB.id) for role in ("match_desk", "media_desk")),
)
FAN = Account("fan@example.org", "fan with two tickets for tonight", "/")
CASHIER_PIN: Final = "482913"
CASHIER = Account(
    "cashier@example.org",
    f"cashier of outlets 01, 19 and 20 with the till PIN {CASHIER_PIN}",
    "/",
    tuple(Grant("cashier", "outlet", code) for code in ("01", "19", "20")),
)
ACCOUNTS = (
    FAN,
    Account("friend@example.org", "second fan", "/"),
    Account("admin@example.org", "administrator: everything, including staff", "/office", (Grant("admin"),)),
    Account(
        "office@example.org",
        "club office: events, prices, orders, refunds",
        "/office",
        tuple(Grant(role, "organiser", CLUB.id) for role in ("programme", "box_office", "finance")),
    ),
    Account(
        "control@example.org",
        "control room: incidents and the log of tonight's match",
        "/staff/control",
        (Grant("controller", "organiser", CLUB.id),),
    ),
    Account(
        "promoter@example.org",
        "concert promoter, without access to the club's events",
        "/office",
        tuple(Grant(role, "organiser", PROMOTER.id) for role in ("programme", "box_office")),
    ),
    Account(
        "arena@example.org",
        "manager of the arena in New York: its events, prices, orders, plan and gates",
        "/office",
        tuple(Grant(role, "venue", "arena") for role in ("venue_manager", "programme", "box_office", "supervisor")),
    ),
    Account("finance@example.org", "finance: sales of all organisers", "/office", (Grant("finance"),)),
    Account("steward@example.org", "steward at gates A", "/", (Grant("steward", "gate", "A"),)),
    Account(
        "supervisor@example.org", "supervisor: devices and flow of all gates", "/office/devices", (Grant("supervisor"),)
    ),
    CASHIER,
    DESK,
    Account(
        "moderator@example.org",
        "moderator of the club's replays and their rights",
        "/staff/desk",
        (Grant("moderator", "organiser", CLUB.id),),
    ),
    Account(
        "describer@example.org",
        "audio describer of the club's replays",
        "/staff/describe",
        (Grant("describer", "organiser", CLUB.id),),
    ),
    Account("kitchen@example.org", "kitchen of outlet 01", "/", (Grant("kitchen", "outlet", "01"),)),
)


async def load_people(conn: Connection, now: datetime) -> dict[str, UUID]:
    """Create the missing accounts and roles. Return the ids by address."""
    ids = {}
    for account in ACCOUNTS:
        if account.grants:
            ids[account.email] = await people.ensure_staff(conn, account.email, None, account.grants, now)
        else:
            ids[account.email] = await people.ensure_fan(conn, account.email, None, now)
    return ids


def greeting(config: Config, here: str) -> str:
    """Return the greeting of `virage run`: the addresses, and the accounts to sign in with.

    `here` is its address on the machine itself, where alone the mailbox and the cards are shown.
    """
    width = max(len(account.email) for account in ACCOUNTS)
    lines = [f"    {account.email:<{width}}  {account.about}" for account in ACCOUNTS]
    return "\n".join(
        [
            "",
            f"  {config.club.name} is ready:  {config.public_url}",
            f"  Office:  {config.public_url}/office",
            f"  Mailbox with the sign-in codes:  {here}/mailbox",
            f"  Contactless cards:  {here}/cards",
            "",
            "  Accounts; sign in with the email address:",
            *lines,
            "",
            "  For replays, start two cameras in another terminal: make cameras",
            "  Pay with 4242 4242 4242 4242. The payment page lists more test cards: declined, 3-D Secure, no answer.",
            "  Ctrl-C ends everything.",
            "",
        ]
    )
