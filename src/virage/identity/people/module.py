"""What people adds to the application."""

from collections.abc import Mapping, Sequence

from virage.identity.people.acts import AddressProved, PeopleAuthenticator, PersonErased
from virage.identity.people.jobs import PeopleJobs
from virage.identity.people.openid_provider import OpenIdProvider
from virage.identity.people.reads import EmailComposer, PersonExport, PersonTickets, gauges
from virage.identity.people.routes import router
from virage.identity.people.routes.browsers import Browsers
from virage.identity.people.rules.emails import EmailKind
from virage.identity.people.rules.people_config import people_config_of
from virage.identity.people.rules.webpush import Vapid
from virage.identity.people.settings import PeopleSettings
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "people",
    routers=[router],
    roles=("admin",),
    refusals={
        "admin_exists": 409,
        "code_wrong": 409,
        "cookie_missing": 409,
        "device_revoked": 409,
        "has_upcoming_tickets": 409,
        "holds_grants": 409,
        "invitation_invalid": 409,
        "last_admin": 409,
        "pairing_invalid": 409,
        "pin_trivial": 400,
        "challenge_invalid": 409,
        "passkey_disabled": 409,
        "passkey_invalid": 409,
        "passkey_needed": 409,
        "passkey_taken": 409,
        "passkey_unknown": 409,
        "passkeys_full": 409,
        "passkeys_unavailable": 409,
        "recovery_waits": 409,
        "grant_by_sso": 409,
        "sso_address": 409,
        "sso_no_role": 409,
        "sso_not_confirmed": 409,
        "sso_refused": 400,
        "sso_required": 409,
        "sso_unavailable": 503,
    },
    lock_ranks={
        "pace": (),
        "newcomer_budget": ("newcomer_network",),
        "wrong_code": (),
        "sign_in_code": (),
        "used_challenge": (),
        "person": ("passkey_user", "passkey", "recovery", "recovery_code", "known_browser"),
        "sso_account": (),
        "role_grant": (),
        "program": (),
        "invitation": (),
        "session": (),
        "push_subscription": (),
        "pairing": (),
        "pin": (),
        "device": (),
        "push_topic": (),
        "mailbox": ("mailbox_file",),
        "letter": (),
        "blocked_address": (),
    },
    lock_exceptions={
        "open_guest_sessions": LockException(
            "A guest's session has no person, so no row of a person is locked.", holds=False
        ),
        "write_emails": LockException(
            "New ids. An email about an order is stored under the lock of the order.", holds=False
        ),
        "give": LockException("Grants of a person change only under the lock of the person.", under="people.person"),
    },
)


def build(
    process: Process,
    *,
    composers: Mapping[EmailKind, EmailComposer],
    exports: Mapping[str, PersonExport],
    erased: Sequence[PersonErased],
    tickets_of: PersonTickets,
    proved: AddressProved,
) -> Parts:
    """Return what they add.

    `composers` load what each kind of email says, `exports` what each domain keeps of a person, by the section of the
    export; `erased` forget it, in order, in the transaction of the erasure. A sign-in with a code calls `proved`.
    """
    config, db, clock = process.config, process.db, process.clock
    people_config = people_config_of(config)
    provider = None
    if people_config.sso is not None:
        secret = config.of(PeopleSettings).oidc_client_secret
        provider = OpenIdProvider(people_config.sso, secret, config.public_url, clock)
    issuer = None if people_config.sso is None else people_config.sso.issuer
    authenticator = PeopleAuthenticator(db, clock, issuer)
    return Parts(
        {
            "people_config": people_config,
            "openid_provider": provider,
            "browsers": Browsers(config),
            "vapid": Vapid(config.secret),
            "person_exports": exports,
            "person_erased": erased,
            "person_tickets": tickets_of,
            "address_proved": proved,
        },
        jobs=[PeopleJobs(db, config, clock, composers, provider).register],
        lifespan=[authenticator.lifespan] if provider is None else [authenticator.lifespan, provider.lifespan],
        authenticator=authenticator,
        gauges=gauges(clock, issuer),
    )
