"""What screens and neighbours may ask about people."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people.rules.addresses import normalise_address
from virage.identity.people.rules.devices import (
    OUTLET,
    Device,
    GatePost,
    HeldDevice,
    MyDevice,
    OfficeDevice,
    PostKind,
    Posts,
    VenuePosts,
    codes_of,
    may_assign,
    may_revoke,
)
from virage.identity.people.rules.emails import (
    BlockedAddress,
    Email,
    EmailContent,
    EmailView,
    MailboxEmail,
    State,
)
from virage.identity.people.rules.emails.links import invitation_path, recovery_path
from virage.identity.people.rules.grants import (
    ApiClient,
    GrantView,
    Invitation,
    StaffGrant,
    view_of,
)
from virage.identity.people.rules.passkeys import PasskeyView
from virage.identity.people.rules.persons import Locale, Person, SessionView, short_name
from virage.identity.people.rules.pins import RosterEntry
from virage.identity.people.rules.recovery import RecoveryView
from virage.identity.people.rules.secrets import PeopleKeys
from virage.identity.people.store import codes, emails, grants, passkeys, persons, pins, push, recovery, sessions, sso
from virage.identity.people.store import devices as stored_devices
from virage.identity.people.store.scopes import posts_for, posts_of
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.mail.messages import Attachment
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Grant, Principal, holds
from virage.site.programme import api as programme
from virage.site.programme.types import Text
from virage.site.venue import api as venue

DEVICES_MAX = 5_000
BLOCKED_MAX = 500
EMAILS_MAX = 100
MAILBOX_MAX = 50
API_CLIENTS_MAX = 500
STAFF_MAX = 5_000
SELLS_BEFORE = timedelta(hours=48)
SELLS_AFTER = timedelta(hours=12)


class PersonExport(Protocol):
    """What a domain above tells a person about themselves, under its own name."""

    async def __call__(self, conn: Connection, person_id: UUID) -> Any:
        """Everything kept about the person, as JSON values or Structs."""
        ...


class UpcomingTickets(Struct, frozen=True):
    """A person's tickets for one coming event. They stop working when the person is erased."""

    event_id: UUID
    title: Text
    starts_at: datetime
    tickets: int


class PersonTickets(Protocol):
    """Who sells tickets says which ones a person still has to use."""

    async def __call__(self, conn: Connection, person_id: UUID, now: datetime) -> Sequence[UpcomingTickets]:
        """The person's tickets for coming events, the next event first."""
        ...


class ErasurePreview(Struct, frozen=True):
    """The consequences of an erasure, and whether the person has roles, which must be removed first."""

    upcoming: list[UpcomingTickets]
    holds_roles: bool


class Me(Struct, frozen=True):
    """The signed-in person and their roles. Anonymous visitors and guests have neither id nor address.

    A device has no grants here: what it may do stands at its own door.
    """

    kind: Literal["anonymous", "guest", "fan", "staff", "api_client", "device"]
    id: UUID | None
    email: str | None
    name: str | None
    locale: Locale | None
    grants: list[GrantView]
    authenticated_at: datetime | None
    has_passkey: bool = False
    sso: bool = False
    """Whether I sign in through the OpenID provider of the staff."""
    recovery_ready_at: datetime | None = None
    """When a code sent by email signs in again, unless I cancel this recovery before."""


class Staff(Struct, frozen=True):
    """Who holds what, and who is invited, as far as the asker administers it."""

    grants: list[StaffGrant]
    invitations: list[Invitation]


def gauges(clock: Clock, issuer: str | None = None) -> Sequence[Gauge]:
    """How sign-in emails to addresses without an account keep up, and the checks at the OpenID provider `issuer`."""

    async def read(conn: Connection) -> Mapping[str, float]:
        budget = await codes.newcomer_budget(conn)
        return {"seconds_waiting": max(0.0, (budget.free_at - clock.now()).total_seconds()), "unsent": budget.unsent}

    async def read_checks(conn: Connection) -> Mapping[str, float]:
        return {} if issuer is None else await sso.checks(conn, issuer, clock.now())

    return [
        Gauge("virage_newcomer_letters", "How sign-in letters to addresses without an account keep up.", "what", read),
        Gauge("virage_sso", "Accounts that the OpenID provider confirms, and its oldest answer.", "what", read_checks),
    ]


async def person(conn: Connection, person_id: UUID) -> Person | None:
    """One person; None once they are erased."""
    return await persons.person(conn, person_id)


async def lock_person(conn: Connection, person_id: UUID) -> Person | None:
    """One person, locked: they are not erased until the transaction ends. None once they are."""
    return await persons.lock_person(conn, person_id)


async def lock_persons(conn: Connection, person_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Many persons, locked: they are not erased until the transaction ends. Those who are erased are missing."""
    return await persons.lock_persons(conn, person_ids)


async def persons_by_id(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Many persons in one statement; those who are erased are missing."""
    return await persons.persons(conn, person_ids)


async def persons_by_address(conn: Connection, addresses: Sequence[str]) -> list[Person]:
    """The people with these normalised addresses, in one statement."""
    return await persons.persons_by_email(conn, addresses)


async def names_by_id(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return names in one statement; people who are erased or gave no name are missing."""
    found = await persons.persons(conn, person_ids)
    return {person_id: person.name for person_id, person in found.items() if person.name}


async def short_names(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, str]:
    """First names and the initials of last ones, in one statement; who is erased or gave no name is missing."""
    found = await persons.persons(conn, person_ids)
    short = {person_id: short_name(one.name or "") for person_id, one in found.items()}
    return {person_id: name for person_id, name in short.items() if name is not None}


async def search(conn: Connection, wanted: str, limit: int) -> list[Person]:
    """Persons by their whole address in any spelling, by its beginning before the `@`, or by a part of their name.

    Erased persons are excluded. The caller checks the permission to see persons.
    """
    if "@" not in wanted:
        return await persons.find_persons(conn, wanted, limit)
    address = normalise_address(wanted)
    found = None if address is None else await persons.person_by_email(conn, address)
    return [] if found is None else [found]


async def me(conn: Connection, principal: Principal, now: datetime) -> Me:
    """Who asks, with the grants that this request was let in with."""
    found, has_passkey, has_sso, waiting = None, False, False, None
    if principal.kind in ("fan", "staff") and principal.id is not None:
        found = await persons.person(conn, principal.id)
        has_passkey = await passkeys.has_passkey(conn, principal.id)
        has_sso = await sso.has_sso(conn, principal.id)
        waiting = None if principal.kind == "fan" else await recovery.open_recovery(conn, principal.id, now)
    return Me(
        kind=principal.kind,
        id=principal.id,
        email=found.email if found else None,
        name=found.name if found else None,
        locale=found.locale if found else None,
        grants=[] if principal.kind == "device" else [view_of(grant) for grant in principal.grants],
        authenticated_at=principal.authenticated_at,
        has_passkey=has_passkey,
        sso=has_sso,
        recovery_ready_at=None if waiting is None else waiting.ready_at,
    )


async def me_signed_in(conn: Connection, person_id: UUID, now: datetime) -> Me:
    """Who has signed in at this moment."""
    held = tuple(await grants.grants_of(conn, person_id))
    return await me(conn, Principal("staff" if held else "fan", person_id, None, held, now), now)


async def sessions_of(conn: Connection, person_id: UUID, current: UUID | None, now: datetime) -> list[SessionView]:
    """The person's living sessions, the last seen first; `current` is the one that asks."""
    return await sessions.sessions_of(conn, person_id, current, now)


async def passkeys_of(conn: Connection, person_id: UUID) -> list[PasskeyView]:
    """The person's passkeys, the first added first."""
    return await passkeys.passkeys_of(conn, person_id)


async def recovery_of(conn: Connection, person_id: UUID, now: datetime) -> RecoveryView:
    """The person's recovery that waits or is ready, and how many recovery codes they have left."""
    waiting = await recovery.open_recovery(conn, person_id, now)
    left = await recovery.codes_left(conn, person_id)
    return RecoveryView(left) if waiting is None else RecoveryView(left, waiting.ready_at, waiting.expires_at)


async def staff(conn: Connection, principal: Principal, now: datetime, *, sso: bool) -> Staff:
    """The staff and the invitations within what the asker administers, `STAFF_MAX` of either.

    `sso`: the deployment has an OpenID provider; without one, no role is reported as given by it.
    """
    held = (*principal.grants, *principal.posts) if principal.kind == "staff" else ()
    administered = [grant for grant in held if grant.role == "admin"]
    venues = {grant.scope_id for grant in administered if grant.scope == "venue"}
    if venues:
        events = await programme.events(conn, await grants.events_of_staff(conn))
        administered += [
            Grant("admin", "event", event.id)
            for event in events.values()
            if (await venue.venue_at(conn, event.venue_version)).code in venues
        ]
    return Staff(
        [replace(one, by_sso=one.by_sso and sso) for one in await grants.staff(conn, administered, STAFF_MAX)],
        await grants.invitations(conn, administered, now, STAFF_MAX),
    )


async def offered(conn: Connection, person_id: UUID, code: str, now: datetime) -> GrantView | None:
    """The role that an invitation gives to the person with its address."""
    found = await persons.person(conn, person_id)
    grant = None if found is None else await grants.offered(conn, code, found.email, now)
    return None if grant is None else view_of(grant)


async def api_clients(conn: Connection, principal: Principal, now: datetime) -> list[ApiClient]:
    """Return the asker's API clients; for administrators of everything the newest `API_CLIENTS_MAX` of all."""
    if holds(principal, "admin"):
        return await grants.api_clients(conn, now, API_CLIENTS_MAX)
    return [] if principal.id is None else await grants.api_clients_created_by(conn, principal.id, now)


async def responsible_person(conn: Connection, asker_id: UUID) -> UUID | None:
    """Return the person responsible for a principal id: the creator of an API client, or the person itself.

    None if the API client was revoked or the person erased meanwhile.
    """
    behind = await grants.api_client_creator(conn, asker_id) or asker_id
    return None if await persons.person(conn, behind) is None else behind


async def export(
    conn: Connection, person_id: UUID, contributors: Mapping[str, PersonExport], now: datetime
) -> dict[str, Any]:
    """Everything that Virage keeps about a person, by domain."""
    held = await grants.grants_of(conn, person_id)
    about: dict[str, Any] = {
        "exported_at": now,
        "person": await persons.person(conn, person_id),
        "joined_at": await persons.joined_at(conn, person_id),
        "sessions": await sessions.sessions_of(conn, person_id, None, now),
        "passkeys": await passkeys.passkeys_of(conn, person_id),
        "recovery": await recovery_of(conn, person_id, now),
        "grants": [view_of(grant) for grant in held],
        "tokens": await grants.api_clients_created_by(conn, person_id, now),
        "pin_set_at": await pins.pin_set_at(conn, person_id),
        "push_subscriptions": await push.endpoints_of(conn, person_id),
        "letters": await emails.emails_of(conn, person_id),
        "devices_paired": await stored_devices.devices_paired_by(conn, person_id),
    }
    for name, contributor in contributors.items():
        about[name] = await contributor(conn, person_id)
    return about


async def erasure(conn: Connection, person_id: UUID, upcoming: PersonTickets, now: datetime) -> ErasurePreview:
    """What erasing a person would end, for the person to know beforehand."""
    return ErasurePreview(list(await upcoming(conn, person_id, now)), bool(await grants.grants_of(conn, person_id)))


async def devices(conn: Connection, device_ids: Sequence[UUID]) -> dict[UUID, Device]:
    """Many devices in one statement, revoked ones too; those that never were are missing."""
    return await stored_devices.devices(conn, device_ids)


async def hold_devices(conn: Connection, device_ids: Sequence[UUID]) -> dict[UUID, HeldDevice]:
    """When devices were paired, moved and revoked; none of them is revoked until the transaction ends."""
    return await stored_devices.hold_devices(conn, device_ids)


async def grants_of(conn: Connection, person_ids: Sequence[UUID]) -> dict[UUID, list[Grant]]:
    """What several persons hold now, in one statement; who holds nothing is left out."""
    return await grants.grants_of_many(conn, person_ids)


async def my_device(conn: Connection, principal: Principal) -> MyDevice | None:
    """What a device may know of itself."""
    found = {} if principal.id is None else await stored_devices.devices(conn, [principal.id])
    return next((MyDevice(one.id, one.name, one.kind, one.posts) for one in found.values()), None)


async def office_posts(conn: Connection) -> list[VenuePosts]:
    """The gates and outlets of every venue as it is now, the first venue of the deployment first."""
    return [
        VenuePosts(
            found.code,
            found.name,
            [GatePost(gate.code, found.prefix + gate.group) for gate in found.gates],
            [outlet.code for outlet in found.outlets],
        )
        for found in await venue.venues(conn)
    ]


async def office_devices(conn: Connection, principal: Principal) -> list[OfficeDevice]:
    """The devices at a post that the asker leads, of the first `DEVICES_MAX`; revoked ones last."""
    found = []
    for device in await stored_devices.office_devices(conn, DEVICES_MAX):
        posts = await posts_for(conn, device.kind)
        if may_revoke(principal, device.posts, posts):
            found.append(_for_office(principal, device, posts))
    return found


async def office_device(conn: Connection, principal: Principal, device_id: UUID) -> OfficeDevice | None:
    """One device as the asker sees it in the list."""
    device = await stored_devices.office_device(conn, device_id)
    return None if device is None else _for_office(principal, device, await posts_for(conn, device.kind))


def _for_office(principal: Principal, device: OfficeDevice, posts: Posts) -> OfficeDevice:
    may_change = device.revoked_at is None and may_assign(principal, device.posts, posts)
    return replace(device, may_change=may_change)


class Sellers(Struct, frozen=True):
    """Who may sell where: everywhere (`all`), at outlets by their codes, or at all outlets of venues by their codes."""

    scopes: dict[UUID, set[tuple[str, str | None]]]
    posts: Posts

    def may_sell(self, person_id: UUID, outlet: str) -> bool:
        """Whether a person may sell at an outlet."""
        covering = {("all", None), ("outlet", outlet), *self.posts.around(outlet)}
        return not self.scopes.get(person_id, set()).isdisjoint(covering)


async def roster(
    conn: Connection, kind: PostKind, wanted: Sequence[str], event_id: UUID | None = None
) -> list[RosterEntry]:
    """Those with a PIN who work at or lead one of the posts (codes or letters of groups), their venue or everywhere.

    With an event also those whose role is for it or its organiser. A thief of the device can try PINs of this list.
    """
    event = None if event_id is None else await programme.event(conn, event_id)
    organiser_id = None if event is None else event.organiser_id
    posts = await posts_of(conn, kind)
    venues = sorted({code for post in wanted if (code := posts.venue_of(post)) is not None})
    return await pins.roster(
        conn, kind, _with_groups(posts, wanted), venues=venues, event_id=event_id, organiser_id=organiser_id
    )


def _with_groups(posts: Posts, wanted: Sequence[str]) -> list[str]:
    named = {*wanted, *codes_of(wanted, posts)}
    return sorted(named | {posts.groups[post] for post in wanted if post in posts.groups})


async def till_roster(conn: Connection, till: Principal, event_id: UUID | None = None) -> list[RosterEntry]:
    """Cashiers and finance with a PIN who may work at one of the till's outlets."""
    outlets = [str(grant.scope_id) for grant in till.grants if grant.role == OUTLET.device_role]
    return await roster(conn, OUTLET, outlets, event_id)


async def may_sell_at(conn: Connection, person_id: UUID, outlet: str, now: datetime) -> bool:
    """Return whether a person may sell at an outlet: cashiers and finance with a PIN, as known to its tills.

    Roles for an event count at its venue, from two days before its doors until half a day after its end.
    """
    return (await _sellers(conn, now, person_id)).may_sell(person_id, outlet)


async def sellers(conn: Connection, now: datetime) -> Sellers:
    """Return all persons who may sell now, by the rules of `may_sell_at`."""
    return await _sellers(conn, now, None)


async def _sellers(conn: Connection, now: datetime, person_id: UUID | None) -> Sellers:
    """Return who may sell now: all persons, or one."""
    at_venues: dict[tuple[str, str], set[tuple[str, str | None]]] = {}
    for event in await programme.upcoming(conn, now - SELLS_AFTER):
        if event.doors_at <= now + SELLS_BEFORE:
            place = ("venue", (await venue.venue_at(conn, event.venue_version)).code)
            at_venues.setdefault(("event", str(event.id)), set()).add(place)
            at_venues.setdefault(("organiser", str(event.organiser_id)), set()).add(place)
    scopes: dict[UUID, set[tuple[str, str | None]]] = {}
    for worker_id, scope, scope_id in await pins.scopes_of_workers(conn, OUTLET, person_id):
        own = scopes.setdefault(worker_id, set())
        own |= at_venues.get((scope, scope_id or ""), set()) if scope in ("event", "organiser") else {(scope, scope_id)}
    return Sellers(scopes, await posts_of(conn, OUTLET))


async def emails_about(
    conn: Connection, keys: Sequence[PeopleKeys], about_id: UUID, person_id: UUID | None = None
) -> list[EmailView]:
    """The emails of an order, the latest first; to one person, if one is named."""
    return await emails.emails_about(conn, keys, about_id, person_id)


async def recent_emails(
    conn: Connection, keys: Sequence[PeopleKeys], state: State | None, before: UUID | None
) -> list[EmailView]:
    """The latest emails, of one state if it is named."""
    return await emails.emails(conn, keys, state, before, EMAILS_MAX)


async def blocked_addresses(conn: Connection, keys: Sequence[PeopleKeys]) -> list[BlockedAddress]:
    """Addresses that came back for good and are not written to, the latest first."""
    return await emails.blocked(conn, keys, BLOCKED_MAX)


async def mailbox(conn: Connection) -> list[MailboxEmail]:
    """The latest emails of a demonstration without a mail server."""
    return await emails.mailbox(conn, MAILBOX_MAX)


async def mailbox_html(conn: Connection, email_id: UUID) -> str | None:
    """An email of the mailbox as a mail program shows it."""
    return await emails.mailbox_html(conn, email_id)


async def mailbox_file(conn: Connection, email_id: UUID, position: int) -> Attachment | None:
    """A file of an email in the mailbox."""
    return await emails.mailbox_file(conn, email_id, position)


class EmailComposer(Protocol):
    """What an email tells, loaded by the domain that wrote it: one composer a kind."""

    async def __call__(self, conn: Connection, email: Email) -> EmailContent | None:
        """Return the content; None if there is nothing to tell any more."""
        ...


async def sealed_content(conn: Connection, email: Email) -> EmailContent:  # noqa: ARG001 - the protocol's form
    """The content of an email whose sealed values are all that it tells."""
    return EmailContent({})


async def invitation_content(conn: Connection, email: Email) -> EmailContent:  # noqa: ARG001 - the protocol's form
    """The content of an invitation."""
    return EmailContent({}, path=invitation_path(email.secret["code"]))


async def recovery_content(conn: Connection, email: Email) -> EmailContent:  # noqa: ARG001 - the protocol's form
    """The content of an email that leads to where a recovery is cancelled."""
    return EmailContent({}, path=recovery_path(email.secret["code"]))


async def account_content(conn: Connection, email: Email) -> EmailContent:  # noqa: ARG001 - the protocol's form
    """The content of an email that leads to the account page."""
    return EmailContent({}, path="/account")
