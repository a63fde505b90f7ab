"""Routes of the control room, and of its messages."""

from virage.control.safety.routes import broadcasts, incidents, log
from virage.platform.web.routing import mount

routers = [
    mount(
        "/api/control",
        [
            incidents.list_incidents,
            incidents.report_incident,
            incidents.get_incident,
            incidents.change_incident,
            log.get_log,
            broadcasts.list_sent_broadcasts,
            broadcasts.send_broadcast,
            broadcasts.get_restricted_feed,
            broadcasts.get_restricted_document,
        ],
    ),
    mount(
        "/api/broadcasts",
        [
            broadcasts.list_broadcasts,
            broadcasts.list_staff_broadcasts,
            broadcasts.list_screen_texts,
            broadcasts.confirm_broadcast,
            broadcasts.get_public_feed,
            broadcasts.get_public_document,
        ],
    ),
]
