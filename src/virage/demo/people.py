"""Who can sign in to the demonstration, and as what. Everybody is a role; nobody is invented."""

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
    """One account: its address, what it may do, and what to try with it."""

    email: str
    about: str
    path: str
    grants: tuple[Grant, ...] = ()


DESK = Account(
    "desk@example.org",
    "the club's matches: what happens, and what is shown again",
    "/staff/desk",
    tuple(Grant(role, "organiser", CLUB.id) for role in ("match_desk", "media_desk")),
)
FAN = Account("fan@example.org", "a fan, who holds two tickets for tonight", "/")
CASHIER_PIN: Final = "482913"
CASHIER = Account(
    "cashier@example.org",
    f"outlets 01, 19 and 20, at a till by the PIN {CASHIER_PIN}",
    "/",
    tuple(Grant("cashier", "outlet", code) for code in ("01", "19", "20")),
)
ACCOUNTS = (
    FAN,
    Account("friend@example.org", "another fan", "/"),
    Account("admin@example.org", "everything, and inviting staff", "/office", (Grant("admin"),)),
    Account(
        "office@example.org",
        "events, prices, orders and refunds of the club",
        "/office",
        tuple(Grant(role, "organiser", CLUB.id) for role in ("programme", "box_office", "finance")),
    ),
    Account(
        "promoter@example.org",
        "the concert, and nothing of the club's",
        "/office",
        tuple(Grant(role, "organiser", PROMOTER.id) for role in ("programme", "box_office")),
    ),
    Account("finance@example.org", "the figures of everybody", "/office", (Grant("finance"),)),
    Account("steward@example.org", "gate group A", "/", (Grant("steward", "gate", "A"),)),
    Account(
        "supervisor@example.org", "every gate: its devices and its flow", "/office/devices", (Grant("supervisor"),)
    ),
    CASHIER,
    DESK,
    Account(
        "moderator@example.org",
        "the club's replays: which are shown, and who may watch them",
        "/staff/desk",
        (Grant("moderator", "organiser", CLUB.id),),
    ),
    Account(
        "describer@example.org",
        "the club's replays, said in words for those who do not see them",
        "/staff/describe",
        (Grant("describer", "organiser", CLUB.id),),
    ),
    Account("kitchen@example.org", "the kitchen of outlet 01", "/", (Grant("kitchen", "outlet", "01"),)),
)


async def load_people(conn: Connection, now: datetime) -> dict[str, UUID]:
    """Make sure that every account exists with its roles; return the ids by address."""
    ids = {}
    for account in ACCOUNTS:
        if account.grants:
            ids[account.email] = await people.ensure_staff(conn, account.email, None, account.grants, now)
        else:
            ids[account.email] = await people.ensure_fan(conn, account.email, None, now)
    return ids


def greeting(config: Config, here: str) -> str:
    """Return what to tell whoever started the demonstration: the addresses, and who can sign in where.

    `here` is its address on the machine itself, where alone the mailbox and the cards are shown.
    """
    width = max(len(account.email) for account in ACCOUNTS)
    lines = [f"    {account.email:<{width}}  {account.about}" for account in ACCOUNTS]
    return "\n".join(
        [
            "",
            f"  {config.club.name} is open:  {config.public_url}",
            f"  The office:  {config.public_url}/office",
            f"  Sign-in codes arrive here:  {here}/mailbox",
            f"  Contactless cards to tap:  {here}/cards",
            "",
            "  Who can sign in, with nothing but the address:",
            *lines,
            "",
            "  To see a goal again, let two cameras send: make cameras, in another terminal.",
            "  Pay with 4242 4242 4242 4242; the payment page lists the cards that fail, challenge or stay silent.",
            "  Ctrl-C ends everything.",
            "",
        ]
    )
