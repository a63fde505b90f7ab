"""The box office's doors."""

from litestar import Router

from virage.sale.ticketing.routes import letters, offers, office, selling, tickets

routers = [
    Router("/api/offers", route_handlers=[offers.list_offers]),
    Router("/api/events", route_handlers=[selling.get_offer, selling.get_availability, selling.propose_places]),
    Router(
        "/api/orders",
        route_handlers=[
            selling.hold_places,
            selling.get_order,
            selling.get_accepted_terms,
            selling.release_order,
            selling.pay_order,
        ],
    ),
    Router("/api/me", route_handlers=[selling.list_my_orders, tickets.list_my_tickets]),
    Router(
        "/api/tickets",
        route_handlers=[
            tickets.name_holder,
            tickets.bind_pass,
            tickets.send_rebind_code,
            tickets.rebind_pass,
            tickets.print_paper,
        ],
    ),
    Router(
        "/api/office",
        route_handlers=[
            office.get_pricing,
            office.put_pricing,
            office.get_sales,
            office.list_sales,
            office.find_orders,
            office.get_office_order,
            office.refund_order,
            letters.list_order_letters,
            letters.resend_order_letter,
        ],
    ),
]
