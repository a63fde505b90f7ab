"""The doors of people. Handlers ask for `letterhead` and the `person_…` handlers of the domains above by name."""

from litestar import Router

from virage.identity.people.routes import devices, letters, mailbox, me, office, push, sign_in

router = Router(
    "/",
    route_handlers=[
        *sign_in.handlers,
        *me.handlers,
        *office.handlers,
        *devices.handlers,
        *letters.handlers,
        *mailbox.handlers,
        *push.handlers,
    ],
)
