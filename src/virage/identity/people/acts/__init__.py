"""Commands of people, run in the caller's transaction. Refusals of counted tries are committed."""

from virage.identity.people.acts.api_clients import TokenRequest, create_token, revoke_token
from virage.identity.people.acts.authenticate import PeopleAuthenticator
from virage.identity.people.acts.cookies import cookie_of
from virage.identity.people.acts.devices import change_device, open_pairing, pair, revoke_device
from virage.identity.people.acts.ensure import ensure_fan, ensure_staff, open_session
from virage.identity.people.acts.erase import PersonErased, erase
from virage.identity.people.acts.expiry import tidy
from virage.identity.people.acts.pins import new_verifier, set_pin
from virage.identity.people.acts.sign_in import (
    change,
    guest,
    open_guest_sessions,
    request_code,
    sign_in,
    sign_out,
    sign_out_device,
    sign_out_everywhere,
)
from virage.identity.people.acts.staff import (
    FirstAdmin,
    InvitationRequest,
    InvitationSent,
    accept_invitation,
    invite,
    invite_first_admin,
    revoke_grant,
    withdraw_invitation,
)

__all__ = [
    "FirstAdmin",
    "InvitationRequest",
    "InvitationSent",
    "PeopleAuthenticator",
    "PersonErased",
    "TokenRequest",
    "accept_invitation",
    "change",
    "change_device",
    "cookie_of",
    "create_token",
    "ensure_fan",
    "ensure_staff",
    "erase",
    "guest",
    "invite",
    "invite_first_admin",
    "new_verifier",
    "open_guest_sessions",
    "open_pairing",
    "open_session",
    "pair",
    "request_code",
    "revoke_device",
    "revoke_grant",
    "revoke_token",
    "set_pin",
    "sign_in",
    "sign_out",
    "sign_out_device",
    "sign_out_everywhere",
    "tidy",
    "withdraw_invitation",
]
