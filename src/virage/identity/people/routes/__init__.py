"""The doors of people. Handlers ask for `people_config` and the `person_…` handlers of the domains above by name."""

from virage.identity.people.routes import devices, emails, mailbox, me, passkeys, push, recovery, sign_in, sso, staff
from virage.platform.web.routing import mount

router = mount(
    "/",
    [
        *sign_in.handlers,
        *me.handlers,
        *sso.handlers,
        *passkeys.handlers,
        *recovery.handlers,
        *staff.handlers,
        *devices.handlers,
        *emails.handlers,
        *mailbox.handlers,
        *push.handlers,
    ],
)
