"""The doors of people. Handlers ask for `letterhead` and the `person_…` handlers of the domains above by name."""

from virage.identity.people.routes import devices, letters, mailbox, me, office, push, sign_in
from virage.platform.web.routing import mount

router = mount(
    "/",
    [
        *sign_in.handlers,
        *me.handlers,
        *office.handlers,
        *devices.handlers,
        *letters.handlers,
        *mailbox.handlers,
        *push.handlers,
    ],
)
