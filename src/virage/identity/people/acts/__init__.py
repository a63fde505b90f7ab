"""What people do, in the caller's transaction. Refusals are returned; those of a try that counts are committed."""

from virage.identity.people.acts.authenticate import PeopleAuthenticator
from virage.identity.people.acts.cookies import cookie_of
from virage.identity.people.acts.devices import change_device, open_pairing, pair, revoke_device
from virage.identity.people.acts.ensure import ensure_fan, ensure_staff, open_session
from virage.identity.people.acts.forget import PersonErased, erase
from virage.identity.people.acts.office import (
    FirstAdmin,
    InvitationWish,
    Invited,
    accept,
    invite,
    invite_first_admin,
    revoke_grant,
    withdraw_invitation,
)
from virage.identity.people.acts.pins import new_verifier, set_pin
from virage.identity.people.acts.programs import TokenWish, create_token, revoke_token
from virage.identity.people.acts.sign_in import (
    ask_code,
    change,
    guest,
    open_guests,
    sign_in,
    sign_out,
    sign_out_device,
    sign_out_everywhere,
)
from virage.identity.people.acts.tidy import tidy

__all__ = [
    "FirstAdmin",
    "InvitationWish",
    "Invited",
    "PeopleAuthenticator",
    "PersonErased",
    "TokenWish",
    "accept",
    "ask_code",
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
    "open_guests",
    "open_pairing",
    "open_session",
    "pair",
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
