"""Commands of people, run in the caller's transaction. Refusals of counted tries are committed."""

from virage.identity.people.acts.api_clients import TokenRequest, create_token, revoke_token
from virage.identity.people.acts.authenticate import PeopleAuthenticator
from virage.identity.people.acts.cookies import cookie_of
from virage.identity.people.acts.devices import change_device, open_pairing, pair, revoke_device
from virage.identity.people.acts.ensure import ensure_fan, ensure_staff, open_session
from virage.identity.people.acts.erase import PersonErased, erase
from virage.identity.people.acts.expiry import tidy
from virage.identity.people.acts.passkeys import (
    add_passkey,
    confirm,
    confirmation_options,
    creation_options,
    remove_passkey,
    rename_passkey,
    request_options,
    sign_in_by_passkey,
)
from virage.identity.people.acts.pins import limit_pins, new_verifier, set_pin
from virage.identity.people.acts.recovery import (
    cancel_recovery,
    cancel_recovery_by_email,
    make_recovery_codes,
    sign_in_by_recovery_code,
)
from virage.identity.people.acts.sessions import (
    guest,
    open_guest_sessions,
    rename_session,
    sign_out,
    sign_out_device,
    sign_out_everywhere,
)
from virage.identity.people.acts.sign_in import AddressProved, change, request_code, sign_in
from virage.identity.people.acts.sso import (
    end_access,
    end_sso_sessions,
    record_away,
    record_check,
    sign_in_by_sso,
    use_state,
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
    "AddressProved",
    "FirstAdmin",
    "InvitationRequest",
    "InvitationSent",
    "PeopleAuthenticator",
    "PersonErased",
    "TokenRequest",
    "accept_invitation",
    "add_passkey",
    "cancel_recovery",
    "cancel_recovery_by_email",
    "change",
    "change_device",
    "confirm",
    "confirmation_options",
    "cookie_of",
    "create_token",
    "creation_options",
    "end_access",
    "end_sso_sessions",
    "ensure_fan",
    "ensure_staff",
    "erase",
    "guest",
    "invite",
    "invite_first_admin",
    "limit_pins",
    "make_recovery_codes",
    "new_verifier",
    "open_guest_sessions",
    "open_pairing",
    "open_session",
    "pair",
    "record_away",
    "record_check",
    "remove_passkey",
    "rename_passkey",
    "rename_session",
    "request_code",
    "request_options",
    "revoke_device",
    "revoke_grant",
    "revoke_token",
    "set_pin",
    "sign_in",
    "sign_in_by_passkey",
    "sign_in_by_recovery_code",
    "sign_in_by_sso",
    "sign_out",
    "sign_out_device",
    "sign_out_everywhere",
    "tidy",
    "use_state",
    "withdraw_invitation",
]
