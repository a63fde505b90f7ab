"""Routes of membership."""

from virage.platform.web.routing import mount
from virage.sale.membership.routes import fans, office

routers = [
    mount("/api/membership", [fans.list_tiers, fans.list_memberships, fans.join_tier, fans.upgrade_membership]),
    mount("/api/events", [fans.get_windows]),
    mount(
        "/api/office",
        [
            office.list_office_tiers,
            office.put_tier,
            office.list_members,
            office.check_member_import,
            office.import_members,
            office.cancel_membership,
            office.get_office_windows,
            office.put_windows,
        ],
    ),
]
