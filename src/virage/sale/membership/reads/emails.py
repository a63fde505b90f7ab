"""The content of emails about memberships."""

from typing import Any

from virage.identity.people.types import Email, EmailContent, EmailKind, Receipt, VatAmount
from virage.money.payments import api as payments
from virage.platform.data.database import Connection
from virage.platform.values.money import vat_included
from virage.sale.membership.store import members as store
from virage.sale.membership.store import tiers as tiers_store
from virage.site.programme import api as programme
from virage.site.venue.api import venues

PATH = "/membership"


async def membership_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return a membership as its emails tell it, with a receipt once it was paid.

    None for a reminder of a membership that has ended meanwhile, and for a failed refund that is settled.
    """
    row = None if email.about_id is None else (await store.memberships(conn, [email.about_id])).get(email.about_id)
    if row is None or (email.kind is EmailKind.MEMBERSHIP_ENDS_SOON and row.state != "active"):
        return None
    tier = (await tiers_store.tiers(conn, [row.tier_id]))[row.tier_id]
    names = {one.id: one.name for one in await programme.organisers(conn, [row.organiser_id])}
    values: dict[str, Any] = {
        "organiser": names.get(row.organiser_id, ""),
        "tier": tier.name,
        "number": row.number or 0,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "imported": row.is_imported,
        "upgraded": row.upgrades_id is not None,
        "cents": sum(one.refunded_cents for one in await store.with_upgraded(conn, row)),
        "total_cents": row.price_cents,
    }
    if email.kind is EmailKind.MEMBERSHIP_MONEY_RETURNED:
        values["cents"] = row.returned_cents
    if email.kind is EmailKind.MEMBERSHIP_REFUND_FAILED:
        refund = await payments.refund(conn, email.subject_id)
        if refund is None or refund.failed_at is None:
            return None
        values["cents"] = refund.amount_cents
    if email.kind is not EmailKind.MEMBERSHIP_BEGUN or row.payment_id is None or row.began_at is None:
        return EmailContent(values, path=PATH)
    vat = VatAmount(row.vat_permille, row.price_cents, vat_included(row.price_cents, row.vat_permille))
    zone = (await venues(conn))[0].zone
    began_at = row.began_at.astimezone(zone)
    upgrade = "" if row.upgrades_id is None else f"-{began_at:%d%H%M%S}"
    receipt = Receipt(f"{row.number}-{row.starts_on:%Y%m}{upgrade}", began_at, row.price_cents, [vat])
    rows = [{"name": tier.name, "cents": row.price_cents}]
    return EmailContent(values, rows, PATH, receipt)
