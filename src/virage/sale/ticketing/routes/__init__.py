"""Routes of ticketing."""

from virage.platform.web.routing import mount
from virage.sale.ticketing.routes import emails, exchange, offers, office, selling, tickets, transfers, waiting

routers = [
    mount("/api/offers", [offers.list_offers]),
    mount(
        "/api/events",
        [selling.get_offer, selling.get_availability, selling.propose_places, exchange.get_exchange],
    ),
    mount(
        "/api/orders",
        [
            selling.hold_places,
            selling.get_order,
            selling.get_accepted_terms,
            selling.get_order_refunds,
            selling.release_order,
            selling.pay_order,
        ],
    ),
    mount("/api/me", [selling.list_my_orders, tickets.list_my_tickets]),
    mount(
        "/api/tickets",
        [
            tickets.name_holder,
            tickets.name_holders,
            tickets.get_reminder_choice,
            tickets.put_reminder_choice,
            tickets.bind_pass,
            tickets.send_rebind_code,
            tickets.rebind_pass,
            tickets.print_paper,
        ],
    ),
    mount(
        "/api/transfers",
        [
            transfers.list_transfers,
            transfers.offer_tickets,
            transfers.read_transfer,
            transfers.accept_transfer,
            transfers.cancel_transfer,
            transfers.return_tickets,
        ],
    ),
    mount(
        "/api/exchange",
        [
            exchange.list_listable_tickets,
            exchange.list_my_listings,
            exchange.list_tickets,
            exchange.withdraw_listing,
            exchange.hold_listings,
            exchange.list_releases,
            exchange.release_tickets,
            waiting.get_my_waiting_entry,
            waiting.join_waiting_list,
            waiting.leave_waiting_list,
        ],
    ),
    mount(
        "/api/office",
        [
            office.get_pricing,
            office.put_pricing,
            office.preview_event_move,
            office.move_event,
            office.get_sales,
            office.get_names,
            office.list_sales,
            office.find_orders,
            office.get_office_order,
            office.refund_order,
            office.suspend_order,
            office.reinstate_order,
            exchange.get_exchange_book,
            exchange.put_exchange_terms,
            exchange.decide_listing,
            emails.list_order_emails,
            emails.resend_order_email,
        ],
    ),
]
