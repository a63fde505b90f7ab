"""Routes of renewals."""

from virage.platform.web.routing import mount
from virage.sale.seasons.routes import attendance, fans, office

routers = [
    mount(
        "/api/renewals",
        [fans.list_renewals, fans.get_renewal, fans.put_wishes, fans.put_renewal_seats, fans.decline_renewal],
    ),
    mount(
        "/api/office/seasons",
        [
            office.list_campaigns,
            office.put_campaign,
            office.preview_campaign,
            office.step_campaign,
            office.list_campaign_renewals,
            office.get_round_csv,
        ],
    ),
    mount("/api/office/renewals", [office.decide_renewal]),
    mount("/api/attendance", [attendance.get_attendance]),
    mount(
        "/api/office/attendance",
        [attendance.get_office_attendance, attendance.put_attendance, attendance.get_attendance_csv],
    ),
]
