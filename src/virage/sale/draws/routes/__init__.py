"""Routes of draws."""

from virage.platform.web.routing import mount
from virage.sale.draws.routes import fans, office

routers = [
    mount("/api/events", [fans.get_draw, fans.put_entry, fans.delete_entry]),
    mount("/api/draws", [fans.get_draw_file]),
    mount(
        "/api/office",
        [
            office.get_office_draw,
            office.put_draw,
            office.step_draw,
            office.list_draw_entries,
            office.get_draw_entries_csv,
        ],
    ),
]
