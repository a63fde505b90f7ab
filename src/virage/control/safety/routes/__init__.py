"""Routes of the control room, its alerts, counts, procedures and messages, and of phones of stewards and fans."""

from virage.control.safety.routes import alerts, broadcasts, incidents, log, pictures, procedures, requests, teams
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
            alerts.list_alerts,
            alerts.change_alert,
            alerts.get_thresholds,
            alerts.set_thresholds,
            pictures.post_counts,
            pictures.get_venue_picture,
            broadcasts.list_sent_broadcasts,
            broadcasts.send_broadcast,
            broadcasts.get_restricted_feed,
            broadcasts.get_restricted_document,
            teams.list_teams,
            teams.create_team,
            teams.change_team,
            teams.list_incident_teams,
            teams.assign_team,
            teams.step_for_team,
            procedures.list_procedures,
            procedures.request_procedure,
            procedures.change_procedure,
            requests.list_incident_requests,
            requests.answer_requests,
            requests.mark_request_false,
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
    mount(
        "/api/safety",
        [
            teams.list_duty_events,
            teams.get_duty,
            teams.report_from_phone,
            teams.add_to_report,
            teams.step_of_team,
            requests.list_own_requests,
            requests.ask_for_help,
            requests.add_to_request,
            requests.withdraw_request,
            requests.hide_request,
        ],
    ),
]
