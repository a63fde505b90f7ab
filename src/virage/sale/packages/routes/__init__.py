"""Routes of packages."""

from virage.platform.web.routing import mount
from virage.sale.packages.routes import fans, office

routers = [
    mount("/api/packages", [fans.list_packages, fans.get_package, fans.get_package_offer, fans.hold_package]),
    mount(
        "/api/subscriptions",
        [
            fans.list_subscriptions,
            fans.get_subscription,
            fans.pay_subscription,
            fans.replace_subscription_card,
            fans.release_subscription,
        ],
    ),
    mount(
        "/api/office/packages",
        [
            office.list_office_packages,
            office.put_package,
            office.preview_package,
            office.list_package_subscriptions,
            office.get_package_subscriptions_csv,
        ],
    ),
]
